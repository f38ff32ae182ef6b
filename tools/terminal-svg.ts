/**
 * Coloured lines of a terminal as an SVG that looks the same with every font: each text is as wide as its columns, and
 * bars and blocks are drawn as shapes. Light or dark as the reader's system is.
 */
import { textWidth } from '../src/util/terminal-text.ts';

const COLUMN = 8.4;
const LINE = 22;
const MARGIN = 20;
/** From the top of a line. */
const BASELINE = 16;
const MIDDLE = 11.5;

/** Of each SGR code that `look.ts` uses, and the ground. */
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['1', 'strong'],
  ['31', 'failed'],
  ['33', 'warning'],
  ['36', 'running'],
  ['39', 'ink'],
  ['90', 'quiet'],
]);

const STYLE = `
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
.ink, .strong { fill: #1c2430 } .strong { font-weight: 600 }
.quiet { fill: #69737f } .running { fill: #0b7285 } .warning { fill: #8f5f00 } .failed { fill: #c4232f }
.ground { fill: #fdfdfb; stroke: #dcdfe4 }
@media (prefers-color-scheme: dark) {
  .ink, .strong { fill: #e6e9ee }
  .quiet { fill: #8d97a4 } .running { fill: #5cc7da } .warning { fill: #e0af45 } .failed { fill: #ff7b72 }
  .ground { fill: #14181e; stroke: #2c333d }
}
`;

export interface SvgOptions {
  readonly columns: number;
  /** What it shows, for those who cannot see it. */
  readonly label: string;
}

export function svgOf(lines: readonly string[], { columns, label }: SvgOptions): string {
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = lines.length * LINE + 2 * MARGIN - 6;
  const drawn = lines.flatMap((line, row) => drawLine(line, MARGIN - 3 + row * LINE));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(label)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** A coloured stretch, or a plain one up to the next. */
const STRETCH = /\u001b\[(?<code>\d+)m(?<coloured>[^\u001b]*)\u001b\[0m|(?<plain>[^\u001b]+)/g; // oxlint-disable-line no-control-regex -- Colours are.

function drawLine(line: string, top: number): string[] {
  let column = 0;
  const drawn: string[] = [];
  for (const { groups = {} } of line.matchAll(STRETCH)) {
    const { code = '39', coloured, plain } = groups;
    const text = coloured ?? plain ?? '';
    const className = CLASSES.get(code);
    if (className === undefined) throw new Error(`The colour ${code} has no class.`);
    drawn.push(...drawStretch(text, { className, column, top }));
    column += textWidth(text);
  }
  return drawn;
}

interface Place {
  readonly className: string;
  readonly column: number;
  readonly top: number;
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** A bar, its rest, a pulse, or words with single spaces between them. */
const PART = /[━╸]+|─+|[▁-█]+|[^\s━╸─▁-█]+(?: [^\s━╸─▁-█]+)*/gu;

function drawStretch(text: string, { className, column, top }: Place): string[] {
  return Array.from(text.matchAll(PART), ({ 0: part, index }) => {
    const x = MARGIN + (column + textWidth(text.slice(0, index))) * COLUMN;
    const path = shapeOf(part, x, top);
    if (path !== undefined) return `<path class="${className}" d="${path}"/>`;
    const at = `x="${round(x)}" y="${top + BASELINE}" textLength="${round(textWidth(part) * COLUMN)}"`;
    return `<text class="${className}" ${at} lengthAdjust="spacingAndGlyphs">${escapeXml(part)}</text>`;
  });
}

function shapeOf(part: string, x: number, top: number): string | undefined {
  if (/^[━╸]/.test(part))
    return rectangle(x, top + MIDDLE - 1.5, (part.length - (part.endsWith('╸') ? 0.5 : 0)) * COLUMN, 3);
  if (part.startsWith('─')) return rectangle(x, top + MIDDLE - 0.5, part.length * COLUMN, 1);
  if (!BLOCKS.includes(part.charAt(0))) return undefined;
  return Array.from(part, (block, index) => {
    const height = (BLOCKS.indexOf(block) + 1) * 2;
    return rectangle(x + index * COLUMN, top + BASELINE + 1 - height, COLUMN - 1, height);
  }).join('');
}

function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${height}h${round(-width)}z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
