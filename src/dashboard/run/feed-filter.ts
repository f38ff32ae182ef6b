/** The filter of the feed, in the address. */
import { useMemo } from 'react';
import { useAddress, type AddressChange } from '../shell/address.ts';
import type { FeedFilter } from './selection.ts';

export type FilterList = 'components' | 'eventTypes' | 'stages';

const PARAMETERS: Readonly<Record<FilterList, string>> = {
  components: 'component',
  eventTypes: 'type',
  stages: 'stage',
};

export interface FeedFilterControl {
  readonly filter: FeedFilter;
  toggle(this: void, list: FilterList, value: string): void;
  setProblemsOnly(this: void, isOn: boolean): void;
  clear(this: void): void;
}

export function useFeedFilter(): FeedFilterControl {
  const { params, set } = useAddress();
  return useMemo(() => {
    const filter: FeedFilter = {
      components: params.getAll(PARAMETERS.components),
      eventTypes: params.getAll(PARAMETERS.eventTypes),
      stages: params.getAll(PARAMETERS.stages),
      problemsOnly: params.get('only') === 'problems',
    };
    return {
      filter,
      toggle(list, value) {
        const values = filter[list];
        const next = values.includes(value) ? values.filter((each) => each !== value) : [...values, value];
        set({ [PARAMETERS[list]]: next } satisfies AddressChange);
      },
      setProblemsOnly: (isOn) => set({ only: isOn ? 'problems' : undefined }),
      clear: () => set({ component: undefined, type: undefined, stage: undefined, only: undefined }),
    };
  }, [params, set]);
}
