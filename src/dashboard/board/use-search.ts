/** What is written into the search is shown at once, and in the address a moment later: browsers count such changes. */
import { useEffect, useRef, useState } from 'react';
import { useAddress } from '../shell/address.ts';

const SETTLED_MS = 250;

export function useSearch(): readonly [text: string, setText: (text: string) => void] {
  const { params, set } = useAddress();
  const inAddress = params.get('q') ?? '';
  const [text, setText] = useState(inAddress);
  const written = useRef(inAddress);
  useEffect(() => {
    // Changed by somebody else: the way back, or a button that clears.
    if (inAddress === written.current) return;
    written.current = inAddress;
    setText(inAddress);
  }, [inAddress]);
  useEffect(() => {
    if (text === written.current) return;
    const timer = setTimeout(() => {
      written.current = text;
      set({ q: text });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text, set]);
  return [text, setText];
}
