/** `drumline/client/shared-tab`: one connection for all tabs. Its other half is `drumline/client/shared-tab-worker`. */
export {
  createSharedConnection,
  type SharedConnection,
  type SharedConnectionOptions,
  type SharedWorkerLike,
  type Sharing,
} from './shared-tab/shared-connection.ts';
