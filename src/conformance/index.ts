/**
 * The conformance suites, for drivers of your own: call one in a vitest test file with a factory of your driver, and
 * it is held to every sentence of its contract. vitest is yours to install.
 */
export { SUITE_FORMATS, testEventBus, type BusUnderTest, type SuiteTopics, type TwoBuses } from './event-bus-suite.ts';
export { testEventLog, type LogUnderTest } from './event-log-suite.ts';
