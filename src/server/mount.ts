/** Our server as a part of another one of this process: below a prefix, the rest is the other's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Each takes what is below the mount's prefix, and answers whether it did. */
export interface Mount {
  request(request: IncomingMessage, response: ServerResponse): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

export interface MountHandlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** @param prefix e.g. `/drumline`; empty where the other server took it away already. */
export function createMount(prefix: string, handlers: MountHandlers): Mount {
  /** What is ours is handed on as if there were no prefix. */
  function takes(request: IncomingMessage): boolean {
    const { url = '/' } = request;
    const rest = url.slice(prefix.length);
    if (!url.startsWith(prefix) || !/^(?:$|[/?])/.test(rest)) return false;
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    return true;
  }
  return {
    request(request, response) {
      const { url = '/' } = request;
      const isOurs = takes(request);
      // The addresses in our page are relative to it.
      const isBare = isOurs && prefix !== '' && url[prefix.length] !== '/';
      if (isBare) response.writeHead(308, { location: `${prefix}/${url.slice(prefix.length)}` }).end();
      else if (isOurs) handlers.request(request, response);
      return isOurs;
    },
    upgrade(request, socket, head) {
      const isOurs = takes(request);
      if (isOurs) handlers.upgrade(request, socket, head);
      return isOurs;
    },
  };
}
