import clsx from "clsx";
import { X } from "lucide-react";
import { AlertDialog as Alert, Dialog as Modal } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { t } from "@/words";
import { Button, IconButton } from "./Button";
import { Icon } from "./Icon";

const veil = "fade fixed inset-0 z-40 bg-veil";
const panel =
  "rise fixed z-50 grid max-h-[92dvh] gap-4 overflow-y-auto bg-surface p-5 shadow-lift " +
  "inset-x-0 bottom-0 rounded-t-3 pb-[max(1.25rem,env(safe-area-inset-bottom))] " +
  "wide:inset-auto wide:top-1/2 wide:left-1/2 wide:w-[min(92vw,34rem)] wide:-translate-x-1/2 wide:-translate-y-1/2 wide:rounded-3 wide:p-6";

/**
 * Where the keyboard was before a dialog opened is where it is afterwards. Radix knows only triggers of its own; our dialogs
 * are opened by state.
 */
function useReturnOfFocus() {
  const before = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: () => {
      before.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      if (before.current instanceof HTMLElement) before.current.focus();
    },
  };
}

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A dialog; on a phone a sheet from below. */
export function Dialog({ open, onClose, title, lead, children, className }: DialogProps) {
  const focus = useReturnOfFocus();
  return (
    <Modal.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Modal.Portal>
        <Modal.Overlay className={veil} />
        <Modal.Content
          {...focus}
          className={clsx(panel, className)}
          {...(lead ? {} : { "aria-describedby": undefined })}
        >
          <div className="flex items-start justify-between gap-4">
            <Modal.Title className="text-title">{title}</Modal.Title>
            <Modal.Close asChild>
              <IconButton label={t("pieces.close")} className="-mt-2 -mr-2">
                <Icon of={X} />
              </IconButton>
            </Modal.Close>
          </div>
          {lead && <Modal.Description className="text-ink-soft">{lead}</Modal.Description>}
          {children}
        </Modal.Content>
      </Modal.Portal>
    </Modal.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onClose: () => void;
  title: string;
  lead: string;
  /** The verb of the act. */
  act: string;
  onAct: () => void;
  busy?: boolean;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onClose, title, lead, act, onAct, busy }: ConfirmProps) {
  const focus = useReturnOfFocus();
  return (
    <Alert.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Alert.Portal>
        <Alert.Overlay className={veil} />
        <Alert.Content {...focus} className={panel}>
          <Alert.Title className="text-title">{title}</Alert.Title>
          <Alert.Description className="text-ink-soft">{lead}</Alert.Description>
          <div className="flex flex-wrap justify-end gap-3">
            <Alert.Cancel asChild>
              <Button tone="quiet">{t("pieces.keep")}</Button>
            </Alert.Cancel>
            <Button tone="bad" busy={busy ?? false} onClick={onAct}>
              {act}
            </Button>
          </div>
        </Alert.Content>
      </Alert.Portal>
    </Alert.Root>
  );
}
