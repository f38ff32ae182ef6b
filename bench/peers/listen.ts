/** The line that the bench waits for. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export function listen(server: Server): void {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
    // Bound to a host and a port, so the address is not a path.
    const { port } = server.address() as AddressInfo;
    console.log(`listening on http://127.0.0.1:${port}`);
  });
}
