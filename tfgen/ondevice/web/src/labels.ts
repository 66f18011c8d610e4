/** The classes of a conditional model: their names in the model's file, and the controls that choose one. */

import {unzipSync} from 'fflate';

import {replaceHandlers} from './controls';

/** The label that stands for no class: the model draws the class by the seed. */
export const ANY = -1;
/** Value of a control: all classes in turn. */
export const EACH = 'each';
const FILE = 'labels.txt';

/**
 * Return the names of the classes: the lines of the file labels.txt, which tfgen export appends to a model as a zip
 * archive. Empty if there is none.
 */
export function classNames(bytes: Uint8Array): string[] {
  try {
    const found = unzipSync(bytes, {filter: ({name}) => name === FILE})[FILE];
    return found ? new TextDecoder().decode(found).split('\n').slice(0, -1) : [];
  } catch {
    return []; // No zip archive: the model has no classes.
  }
}

/**
 * Fill a control with the classes, call `changed` on every choice, and return the control. It is hidden for a model
 * without classes. A class that was chosen before stays chosen if the new model has it.
 *
 * @param others value and text of the choices before the classes.
 */
export function classSelect(
  id: string,
  names: string[],
  others: [value: string, text: string][],
  changed: () => void,
): HTMLSelectElement {
  const select = document.getElementById(id) as HTMLSelectElement;
  const before = select.selectedOptions[0]?.text;
  const options = [...others, ...names.map((name, index): [string, string] => [`${index}`, name])];
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, text === before)));
  select.closest('label')!.hidden = !names.length;
  select.addEventListener('change', changed, {signal: replaceHandlers(select)});
  return select;
}

/** Return the label of the picture with this index: the chosen one, or the classes in turn. */
export function labelOf(select: HTMLSelectElement, index: number, count: number): number {
  if (select.value === EACH) return index % count;
  return select.value === '' ? ANY : Number(select.value);
}
