/** The log in memory passes the suite of the contract; it keeps nothing, so nothing is reopened. */
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { testEventLog } from '../../src/conformance/event-log-suite.ts';

testEventLog({
  name: 'memory log',
  traits: { durable: 'process', exclusive: true },
  open: async (options) => openMemoryLog(options),
  clock: 'given',
});
