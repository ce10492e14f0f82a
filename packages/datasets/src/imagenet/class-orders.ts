/** How class folders are numbered: by their names as text, or by the numbers that the names are. */
export const classOrders = ['text', 'number'] as const;
export type ClassOrder = (typeof classOrders)[number];
