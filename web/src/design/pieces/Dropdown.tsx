import clsx from "clsx";
import { DropdownMenu } from "radix-ui";
import { useRef } from "react";
import { Icon } from "./Icon";
import type { MenuProps } from "./Menu";

/** The menu itself. It is loaded when one is first opened (Menu.tsx), and is open then. */
export function Dropdown({ children, items, quick, byKeyboard }: MenuProps & { byKeyboard: boolean }) {
  const begun = useRef(false);
  /** The first time nobody saw the key that opened it: the first item gets the focus here, as it does later by itself. */
  const opened = (content: HTMLDivElement | null) => {
    if (!content || begun.current) return;
    begun.current = true;
    if (byKeyboard) requestAnimationFrame(() => content.querySelector<HTMLElement>("[role=menuitem]")?.focus());
  };
  return (
    <DropdownMenu.Root modal={false} defaultOpen>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          ref={opened}
          align="end"
          sideOffset={4}
          className="fade z-50 min-w-48 rounded-2 border border-line bg-surface p-1.5 shadow-lift"
        >
          {quick && (
            <div className="flex gap-1 pb-1">
              {quick.map((one) => (
                <DropdownMenu.Item
                  key={one.text}
                  aria-label={one.label}
                  onSelect={one.act}
                  className="grid size-10 cursor-pointer place-items-center rounded-round text-title outline-none data-highlighted:bg-sunken"
                >
                  {one.text}
                </DropdownMenu.Item>
              ))}
            </div>
          )}
          {items.map((item) => (
            <DropdownMenu.Item
              key={item.text}
              onSelect={item.act}
              className={clsx(
                "flex min-h-11 cursor-pointer items-center gap-3 rounded-1 px-3 outline-none data-highlighted:bg-sunken",
                item.bad && "text-bad",
              )}
            >
              <Icon of={item.icon} size={18} />
              {item.text}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
