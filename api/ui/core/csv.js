/** CSV of what a table shows (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe. */
const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** columns: [{label, csv(row)}] */
export const csvOf = (columns, rows) =>
  [columns.map((column) => cell(column.label)), ...rows.map((row) => columns.map((column) => cell(column.csv(row))))]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");

/** Lets the browser save content as a file. */
export function save(name, content, type = "text/csv;charset=utf-8") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
