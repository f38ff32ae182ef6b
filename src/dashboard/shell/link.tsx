/** A link to another view of this page: a plain one, so that it opens in a new tab as well. */
import type { MouseEvent, ReactElement, ReactNode } from 'react';
import { hrefOf, useAddress, type AddressChange } from './address.ts';

export interface LinkProps {
  readonly to: AddressChange;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Link({ to, className, children }: LinkProps): ReactElement {
  const { open } = useAddress();
  function follow(event: MouseEvent): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    open(to);
  }
  return (
    <a href={hrefOf(to)} className={className} onClick={follow}>
      {children}
    </a>
  );
}
