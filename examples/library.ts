/**
 * The event manager as a library: the same log, fold and streams, without a server.
 *
 *   node examples/library.ts
 */
import { createEventManager, createMemoryBus, openMemoryLog } from '../src/index.ts'; // for you: 'drumline'

await using log = openMemoryLog();
await using bus = createMemoryBus();
await using manager = createEventManager({ log, bus });
await manager.subscribe('t', (event) => console.log(event.seq, event.message));
await manager.emit({
  taskId: 't',
  eventType: 'task_started',
  component: 'camina',
  stage: 'planning',
  message: 'Off we go',
  progress: 0.1,
});
console.log(await manager.getTaskState('t'));
