/** The colours of the style sheet, for the canvas. */
import { useMemo } from 'react';
import { DARK, useMedia } from '../parts/use-media.ts';
import type { Palette } from './draw-score.ts';

export function usePalette(): Palette {
  const isDark = useMedia(DARK);
  const hasContrast = useMedia('(prefers-contrast: more)');
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    const read = (name: string): string => style.getPropertyValue(name).trim();
    const staff = read('--staff');
    return {
      ink: read('--ink'),
      staff: staff === 'currentColor' ? read('--ink') : staff,
      run: read('--run'),
      warn: read('--warn-mark'),
      fail: read('--fail'),
      faint: read('--faint'),
      paper: read('--paper'),
    };
    // They follow what the system asks for.
  }, [isDark, hasContrast]);
}
