import clsx from "clsx";
import type { LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { Icon } from "./Icon";

export interface MenuItem {
  text: string;
  icon: LucideIcon;
  act: () => void;
  bad?: boolean;
}

/** What else can be done with a thing, behind a button. */
export function Menu({ children, items, head }: { children: ReactNode; items: readonly MenuItem[]; head?: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="fade z-50 min-w-48 rounded-2 border border-line bg-surface p-1.5 shadow-lift"
        >
          {head}
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
