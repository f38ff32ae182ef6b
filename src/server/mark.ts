/** The mark of Drumline: a score of three lines, each with its beats. */

/** Its colour follows the system's theme. It says nothing that is not said beside it. */
export const MARK = `<svg xmlns="http://www.w3.org/2000/svg" class="drumline-mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
<style>.drumline-mark{stroke:#2b6cb0;fill:#2b6cb0}@media(prefers-color-scheme:dark){.drumline-mark{stroke:#7db3e8;fill:#7db3e8}}</style>
<path d="M2 7h28M2 16h28M2 25h28" fill="none" stroke-width="1.5" stroke-opacity=".5"/>
<g stroke="none"><circle cx="6" cy="7" r="2.6"/><circle cx="16" cy="7" r="2.6"/><circle cx="11" cy="16" r="2.6"/>
<circle cx="21" cy="16" r="2.6"/><circle cx="16" cy="25" r="2.6"/><circle cx="26" cy="25" r="2.6"/></g></svg>`;

export const MARK_URL = `data:image/svg+xml,${encodeURIComponent(MARK)}`;
