/** What a visitor would see wrong in the page. Each function runs inside the browser, so it stands alone. */

/** Choices whose words are longer than the control that shows them, and fields that do not show all of their value. */
export function clippedControls(): string[] {
  const context = document.createElement('canvas').getContext('2d')!;
  const room = (control: HTMLElement, arrow: number) => {
    const { paddingLeft, paddingRight, font } = getComputedStyle(control);
    context.font = font;
    return control.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - arrow;
  };
  const selects = [...document.querySelectorAll('select')].flatMap((select) => {
    const width = room(select, 16);
    return [...select.options]
      .filter(({ text }) => context.measureText(text).width > width)
      .map(({ text }) => `${select.id}: ${text}`);
  });
  const fields = [
    ...document.querySelectorAll<HTMLInputElement>('input:not([type=radio], [type=checkbox], [type=file])'),
  ]
    .filter((field) => field.checkVisibility() && context.measureText(field.value).width > room(field, 0))
    .map((field) => `${field.id}: ${field.value}`);
  return [...selects, ...fields];
}

/** Words that stick out of the page at either side, or out of the box that they stand in. */
export function cutWords(): string[] {
  const page = document.documentElement.clientWidth;
  return [
    ...document.querySelectorAll<HTMLElement>(
      'h1, h2, p, legend, label, small, span, button, th, td, figcaption',
    ),
  ]
    .filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (left < -1 || right > page + 1 || element.scrollWidth > element.clientWidth + 1);
    })
    .filter((element) => getComputedStyle(element).display !== 'inline')
    .map((element) => `${element.tagName.toLowerCase()}: ${element.textContent?.trim().slice(0, 60)}`);
}

/** Pixels between the bottom of one element and the top of the other. */
export function gapBelow([upper, lower]: readonly [string, string]): number {
  const edge = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
  return edge(lower).top - edge(upper).bottom;
}
