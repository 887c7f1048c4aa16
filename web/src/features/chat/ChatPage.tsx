import { Outlet, useParams } from "@tanstack/react-router";
import clsx from "clsx";
import { useTitle } from "@/app/title";
import { t } from "@/words";
import { ConversationList } from "./ConversationList";

/** The list and the thread, side by side where there is room. */
export function ChatPage() {
  useTitle(t("chat.title"));
  const { id } = useParams({ strict: false });
  return (
    <div className="grid h-full min-h-0 wide:grid-cols-[20rem_1fr]">
      <div className={clsx("min-h-0 overflow-y-auto border-line wide:block wide:border-r", id && "hidden")}>
        <ConversationList chosen={id} />
      </div>
      <div className={clsx("min-h-0 wide:block", !id && "hidden")}>
        <Outlet />
      </div>
    </div>
  );
}
