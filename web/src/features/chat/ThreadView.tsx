import { useQueryClient } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import {
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { Button } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { EmptyState } from "@/design/pieces/States";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { dayText } from "./days";
import { MessageLine } from "./MessageLine";
import { onPending, pendingMessages } from "./outbox";
import { PendingLine } from "./PendingLine";
import type { Conversation, Message } from "./queries";
import { useMarkRead } from "./read";
import { rowsOf } from "./rows";
import { loadOlder, type Thread } from "./thread";

export interface ThreadViewHandle {
  /** Brings a loaded message into view and lets it stand out for a moment. */
  show: (seq: number) => void;
}

interface ThreadViewProps {
  ref: Ref<ThreadViewHandle>;
  conversation: Conversation;
  thread: Thread;
  partner: boolean;
  readSeq: number;
  onReply: (message: Message) => void;
  onJump: (seq: number) => void;
}

/** Nearer to the end than this, the thread stays at its end when something comes. */
const NEAR_PX = 96;
const OLDER_PX = 600;

export function ThreadView({ ref, conversation, thread, partner, readSeq, onReply, onJump }: ThreadViewProps) {
  const me = useMe();
  const queries = useQueryClient();
  const all = useSyncExternalStore(onPending, pendingMessages);
  const rows = useMemo(
    () =>
      rowsOf(
        thread.messages,
        all.filter((one) => one.conversation_id === conversation.id),
        me.id,
        readSeq,
      ),
    [thread.messages, all, conversation.id, me.id, readSeq],
  );
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [shown, setShown] = useState<number>();
  const loading = useRef(false);
  const lastTop = useRef(0);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => (rows[index]?.kind === "message" ? 52 : 44),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
    paddingStart: 12,
    paddingEnd: 12,
  });

  // Older messages come above: what was in view stays where it is.
  const firstKey = useRef<string | undefined>(undefined);
  const top = thread.messages[0]?.id;
  useLayoutEffect(() => {
    const before = firstKey.current;
    firstKey.current = top;
    if (!box.current || before === undefined || before === top) return;
    const at = rows.findIndex((row) => row.kind === "message" && row.message.id === before);
    const start = virtual.measurementsCache[at]?.start;
    if (start !== undefined) box.current.scrollTop += start - (virtual.options.paddingStart ?? 0);
  }, [top, rows, virtual]);

  // At the end it stays at the end, whatever grows.
  const height = virtual.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever rows or heights change
  useLayoutEffect(() => {
    if (atEnd && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [height, rows.length, atEnd]);

  // Also when the window or the composer takes another size.
  useEffect(() => {
    const el = box.current;
    if (!el || !atEnd) return;
    const observer = new ResizeObserver(() => {
      el.scrollTop = el.scrollHeight;
    });
    observer.observe(el);
    return () => observer.disconnect();
  }, [atEnd]);

  const newest = thread.messages.at(-1);
  useEffect(() => {
    // One's own new words are always in view.
    if (newest?.sender_id === me.id) setAtEnd(true);
  }, [newest?.sender_id, me.id]);
  useMarkRead(conversation, newest, me.id, atEnd);

  const scrolled = () => {
    const el = box.current;
    if (!el) return;
    const up = el.scrollTop < lastTop.current;
    lastTop.current = el.scrollTop;
    // Only the member leaves the end; what grows above or below does not.
    if (el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_PX) setAtEnd(true);
    else if (up) setAtEnd(false);
    if (el.scrollTop < OLDER_PX && thread.older && !loading.current) {
      loading.current = true;
      // A page that does not come is asked for again at the next scroll.
      loadOlder(queries, conversation.id)
        .catch(() => undefined)
        .finally(() => {
          loading.current = false;
        });
    }
  };

  useImperativeHandle(ref, () => ({
    show: (seq) => {
      const at = rows.findIndex((row) => row.kind === "message" && row.message.seq >= seq);
      if (at < 0) return;
      setAtEnd(false);
      virtual.scrollToIndex(at, { align: "center" });
      setShown(seq);
      setTimeout(() => setShown(undefined), 1_600);
    },
  }));

  if (rows.length === 0) {
    return (
      <div className="grid flex-1 place-items-center p-4">
        <EmptyState title={t("chat.empty_title")}>{t("chat.empty", { name: conversation.member.name })}</EmptyState>
      </div>
    );
  }
  const waiting = !atEnd && newest && newest.sender_id !== me.id && newest.seq > conversation.last_read_seq;
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        onScroll={scrolled}
        role="log"
        aria-label={conversation.member.name}
        aria-live="polite"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain [overflow-anchor:none]"
      >
        <div className="relative w-full" style={{ height }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="absolute inset-x-0 top-0 px-4 wide:px-6"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {row?.kind === "day" && (
                  <p className="py-3 text-center text-small font-medium text-ink-soft">{dayText(row.at)}</p>
                )}
                {row?.kind === "unread" && (
                  <p className="my-2 flex items-center gap-3 text-small font-semibold text-you before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
                    {t("chat.unread")}
                  </p>
                )}
                {row?.kind === "message" && (
                  <MessageLine
                    message={row.message}
                    first={row.first}
                    last={row.last}
                    mine={row.message.sender_id === me.id}
                    partner={partner}
                    name={conversation.member.name}
                    standsOut={row.message.seq === shown}
                    onReply={onReply}
                    onJump={onJump}
                  />
                )}
                {row?.kind === "pending" && <PendingLine pending={row.pending} />}
              </div>
            );
          })}
        </div>
      </div>
      {!atEnd && (
        <Button
          tone="quiet"
          small
          className="fade absolute bottom-3 left-1/2 -translate-x-1/2 bg-surface shadow-lift"
          onClick={() => setAtEnd(true)}
        >
          <Icon of={ArrowDown} size={16} />
          {waiting ? t("chat.new_below") : t("chat.to_newest")}
        </Button>
      )}
    </div>
  );
}
