import { usePrefetchQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { useCouple } from "@/features/couple/queries";
import { Composer } from "./Composer";
import { PinnedBar } from "./PinnedBar";
import { type Conversation, conversationQuery, type Message } from "./queries";
import { ThreadHead } from "./ThreadHead";
import { ThreadView, type ThreadViewHandle } from "./ThreadView";
import { loadDownTo, threadQuery } from "./thread";

/** Loaded when the search is first opened. */
const SearchPanel = lazy(() => import("./SearchPanel").then((part) => ({ default: part.SearchPanel })));

export function ThreadPage() {
  const { id } = useParams({ from: "/members/chat/$id" });
  const queries = useQueryClient();
  // Both at once: the thread does not wait for who is in it.
  usePrefetchQuery(threadQuery(queries, id));
  const conversation = useQuery(conversationQuery(id));
  if (conversation.isError) {
    return (
      <div className="p-4">
        <LoadError cause={conversation.error} onRetry={() => void conversation.refetch()} />
      </div>
    );
  }
  if (conversation.isPending) return <Skeleton lines={6} className="p-6" />;
  return <OneThread key={id} conversation={conversation.data} />;
}

function OneThread({ conversation }: { conversation: Conversation }) {
  const { id } = conversation;
  const queries = useQueryClient();
  const thread = useQuery(threadQuery(queries, id));
  const partner = useCouple()?.partner.id === conversation.member.id;
  const [searching, setSearching] = useState(false);
  const [reply, setReply] = useState<Message>();
  const view = useRef<ThreadViewHandle>(null);
  // How far was read before: the line "unread" stays where it was while the thread is open.
  const [readSeq] = useState(conversation.last_read_seq);

  const jump = async (seq: number) => {
    await loadDownTo(queries, id, seq);
    // The rows of what was loaded are there after the next render.
    requestAnimationFrame(() => view.current?.show(seq));
  };
  useEffect(() => {
    const toInput = (event: KeyboardEvent) => {
      if (event.key === "Escape") setReply(undefined);
    };
    addEventListener("keydown", toInput);
    return () => removeEventListener("keydown", toInput);
  }, []);

  return (
    <div className="flex h-full min-h-0 flex-col">
      <ThreadHead
        conversation={conversation}
        partner={partner}
        searching={searching}
        onSearch={() => setSearching(!searching)}
      />
      <Suspense>
        {searching && (
          <SearchPanel
            conversation={conversation}
            onClose={() => setSearching(false)}
            onFound={(seq) => {
              setSearching(false);
              void jump(seq);
            }}
          />
        )}
      </Suspense>
      <PinnedBar conversation={id} onJump={(seq) => void jump(seq)} />
      {thread.isError && !thread.data ? (
        <div className="flex-1 p-4">
          <LoadError cause={thread.error} onRetry={() => void thread.refetch()} />
        </div>
      ) : thread.isPending ? (
        <div className="flex-1 p-6">
          <Skeleton lines={6} />
        </div>
      ) : (
        <ThreadView
          ref={view}
          conversation={conversation}
          thread={thread.data}
          partner={partner}
          readSeq={readSeq}
          onReply={setReply}
          onJump={(seq) => void jump(seq)}
        />
      )}
      <Composer conversation={conversation} reply={reply} onReplied={() => setReply(undefined)} />
    </div>
  );
}
