/**
 * The typed client: documents generated from the schema, so a field that is not there is a compile error, and
 * `watchTask`, which keeps the cursor by itself.
 *
 *   node examples/typed-client.ts typed-task
 */
import {
  EmitEventsDocument,
  foldUpdate,
  InitTaskDocument,
  request,
  watchTask,
  type TaskView,
} from '../src/client/index.ts'; // for you: 'drumline/client'

// `request` takes your own documents, too: graphql-codegen's client preset over `drumline/schema.graphql`, with
// `documentMode: 'string'`.

const url = process.env['DRUMLINE_URL'] ?? 'http://127.0.0.1:4000/graphql';
const taskId = process.argv[2] ?? 'typed-task';

const { initTask } = await request({
  url,
  document: InitTaskDocument,
  variables: { input: { taskId, title: 'Typed from end to end' } },
});
console.log(initTask.created ? 'created' : 'known already');

const { emitEvents } = await request({
  url,
  document: EmitEventsDocument,
  variables: {
    inputs: [
      // An id of its own makes sending an event again safe.
      {
        eventId: 'start',
        taskId,
        eventType: 'TASK_STARTED',
        component: 'camina',
        stage: 'PLANNING',
        message: 'Off we go',
      },
      {
        eventId: 'half',
        taskId,
        eventType: 'PROGRESS_UPDATE',
        component: 'camina',
        stage: 'ANALYSIS',
        message: 'Half',
        progress: 0.5,
      },
      {
        eventId: 'end',
        taskId,
        eventType: 'TASK_COMPLETED',
        component: 'camina',
        stage: 'COMPLETE',
        message: 'Done',
        progress: 1,
      },
    ],
  },
});
console.log(`recorded ${emitEvents.results.filter(({ duplicate }) => !duplicate).length} events`);

let view: TaskView | undefined;
for await (const update of watchTask({ url, taskId, replay: true })) {
  view = foldUpdate(view, update);
  if (update.__typename === 'TaskEventRecorded') console.log(`${update.event.sequence}. ${update.event.message}`);
}
console.log(`${view?.progress.status}, ${view?.components.size} component`);
