import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useMatches } from "@tanstack/react-router";
import clsx from "clsx";
import { Home, type LucideIcon, Mail, MessageCircle, Settings, ShieldCheck, Users } from "lucide-react";
import { Avatar, Mark } from "@/design/pieces/Avatar";
import { Icon } from "@/design/pieces/Icon";
import { Badge } from "@/design/pieces/Small";
import { unreadQuery } from "@/features/chat/queries";
import { unopenedQuery } from "@/features/notes/queries";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { Banners } from "./Banners";

type Path = "/home" | "/notes" | "/chat" | "/couple" | "/settings";

interface Place {
  to: Path;
  text: string;
  icon: LucideIcon;
  waiting?: number;
  waits?: string;
}

function usePlaces(): Place[] {
  const unopened = useQuery(unopenedQuery).data?.length ?? 0;
  const unread = useQuery(unreadQuery).data?.total ?? 0;
  return [
    { to: "/home", text: t("app.home"), icon: Home },
    {
      to: "/notes",
      text: t("app.notes"),
      icon: Mail,
      waiting: unopened,
      waits: t("app.unread_notes", { count: unopened }),
    },
    {
      to: "/chat",
      text: t("app.chat"),
      icon: MessageCircle,
      waiting: unread,
      waits: t("app.unread_chat", { count: unread }),
    },
    { to: "/couple", text: t("app.us"), icon: Users },
    { to: "/settings", text: t("app.settings"), icon: Settings },
  ];
}

/** The frame of a member's pages: a rail beside them, on a phone tabs below. */
export function Shell() {
  const me = useMe();
  const places = usePlaces();
  // A page that is a window of its own (the thread of a chat) takes all the room and scrolls within.
  const filled = useMatches().some((match) => match.staticData.filled);
  return (
    <div className="min-h-dvh wide:grid wide:grid-cols-[216px_1fr]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60 focus:rounded-1 focus:bg-surface focus:p-3"
      >
        {t("app.skip")}
      </a>
      <nav
        aria-label={t("app.nav")}
        className="sticky top-0 hidden h-dvh flex-col gap-0.5 border-r border-line px-4 py-6 wide:flex"
      >
        <Link to="/home" className="mb-6 flex items-center gap-3 px-3 font-display text-large text-ink">
          <Mark />
          One 2 One
        </Link>
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className="flex min-h-11 items-center gap-3 rounded-1 px-3 font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
          >
            <Icon of={place.icon} />
            {place.text}
            <span className="ml-auto">
              <Badge count={place.waiting ?? 0} label={place.waits ?? ""} />
            </span>
          </Link>
        ))}
        {me.role && (
          <Link
            to="/staff"
            className="flex min-h-11 items-center gap-3 rounded-1 px-3 font-medium text-ink-soft hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
          >
            <Icon of={ShieldCheck} />
            {t("app.staff")}
          </Link>
        )}
        <div className="grow" />
        <Link
          to="/profile"
          className="flex min-h-11 items-center gap-3 rounded-1 px-3 text-ink-soft hover:bg-sunken hover:text-ink"
        >
          <Avatar name={me.name} who="you" picture={me.avatar_thumbnail_url} />
          <span className="truncate">{me.name}</span>
        </Link>
      </nav>
      <div className={clsx("min-w-0", filled ? "flex h-dvh flex-col pb-16 wide:pb-0" : "pb-20 wide:pb-0")}>
        <Banners />
        <main
          id="content"
          tabIndex={-1}
          className={clsx(
            "outline-none",
            filled
              ? "min-h-0 flex-1"
              : "mx-auto max-w-[1240px] px-4 py-6 wide:px-[clamp(1.5rem,4vw,4.5rem)] wide:py-12",
          )}
        >
          <Outlet />
        </main>
      </div>
      <nav
        aria-label={t("app.nav")}
        className="fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t border-line bg-surface pb-[max(0.4rem,env(safe-area-inset-bottom))] wide:hidden"
      >
        {places.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            className="relative grid min-h-14 content-center justify-items-center gap-0.5 text-small text-ink-soft aria-[current=page]:font-semibold aria-[current=page]:text-you"
          >
            <Icon of={place.icon} />
            <span className="max-w-full truncate px-0.5 text-[0.6875rem]">{place.text}</span>
            <span className="absolute top-0.5 left-1/2 ml-1.5">
              <Badge count={place.waiting ?? 0} label={place.waits ?? ""} />
            </span>
          </Link>
        ))}
      </nav>
    </div>
  );
}
