/** What the kernel counted for a process: the same source for every server, read right before and after a window. */
import { readdirSync, readFileSync } from 'node:fs';

/** User and system time of all threads together, in microseconds. */
export function cpuMicros(pid: number): number {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // A thread may end between the listing and the reading.
    const text = readIfThere(`/proc/${pid}/task/${thread}/schedstat`);
    nanos += Number(text?.split(' ')[0] ?? 0);
  }
  return nanos / 1_000;
}

/** The same of several processes together. */
export function allCpuMicros(processes: readonly { readonly pid: number }[]): number {
  return processes.reduce((sum, { pid }) => sum + cpuMicros(pid), 0);
}

export function rssBytes(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb ?? 0) * 1024;
}

/** Of the two ends of a connection. */
export interface Ports {
  readonly server: number;
  readonly client: number;
}

/** Bytes that the kernel holds for a client which has not taken them. */
export function unsentBytes({ server, client }: Ports): number {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const line = new RegExp(`0100007F:${hex(server)} 0100007F:${hex(client)} [0-9A-F]{2} ([0-9A-F]{8})`);
  return Number.parseInt(line.exec(readFileSync('/proc/net/tcp', 'utf8'))?.[1] ?? '0', 16);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
