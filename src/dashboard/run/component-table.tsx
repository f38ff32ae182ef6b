/** The score for those who cannot see it: each component and what it last said. */
import { memo, type ReactElement } from 'react';
import type { ComponentView } from '../../client/index.ts';
import { percent } from '../../view/look.ts';
import { words } from '../parts/time.ts';
import { useCalm } from '../parts/use-calm.ts';

/** A browser lays out a whole table anew when a word of it changes. */
const MANY = 100;
const MANY_EVERY_MS = 1_000;

export interface ComponentTableProps {
  readonly components: ReadonlyMap<string, ComponentView>;
}

export function ComponentTable({ components }: ComponentTableProps): ReactElement {
  return <Table components={useCalm(components, components.size > MANY ? MANY_EVERY_MS : 0)} />;
}

const Table = memo(function Table({ components }: ComponentTableProps): ReactElement {
  return (
    <div className="aside">
      <table>
        <caption>Components</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Last event</th>
            <th scope="col">Progress</th>
            <th scope="col">Stage</th>
            <th scope="col">Last words</th>
          </tr>
        </thead>
        <tbody>
          {Array.from(components.values(), (component) => (
            <Row key={component.name} component={component} />
          ))}
        </tbody>
      </table>
    </div>
  );
});

/** One that has not changed is the same object. */
const Row = memo(function Row({ component }: { readonly component: ComponentView }): ReactElement {
  const { name, status, progress, stage, message } = component;
  return (
    <tr data-component={name} data-progress={progress}>
      <th scope="row">{name}</th>
      <td>{words(status)}</td>
      <td>{percent(progress)}</td>
      <td>{words(stage)}</td>
      <td>{message}</td>
    </tr>
  );
});
