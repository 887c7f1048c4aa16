import type { ReactNode } from "react";

interface TableProps {
  caption: string;
  columns: readonly string[];
  children: ReactNode;
}

/** Rows and columns, for staff only. It scrolls sideways within itself, also by keyboard. */
export function Table({ caption, columns, children }: TableProps) {
  return (
    <section
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard
      tabIndex={0}
      className="overflow-x-auto rounded-2 border border-line bg-surface"
    >
      <table className="w-full border-collapse text-small [&_td]:px-3 [&_td]:py-2 [&_td]:align-top [&_th]:px-3 [&_th]:py-2 [&_th]:text-left [&_tr]:border-t [&_tr]:border-line">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-t-0! bg-sunken">
            {columns.map((column) => (
              <th key={column} scope="col" className="font-semibold whitespace-nowrap">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
