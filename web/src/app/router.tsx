// Every page of the app. paths.json lists the same paths for the server; a test holds the two together.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { renew, sessionState } from "@/api/session";
import { meQuery } from "@/features/profile/queries";
import { speak } from "@/words";
import { Broken, Lost } from "./Lost";
import { queries } from "./queries";
import { Shell } from "./Shell";

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Where to go after signing in. Only within this app: "//elsewhere" and "/\\elsewhere" are other hosts to a browser. */
const back = (search: Record<string, unknown>): { to?: string | undefined } => {
  const to = text(search.to);
  // Said also when it is refused: what is left out here would be taken from the address as it stands.
  return { to: to && /^\/(?![/\\])/.test(to) ? to : undefined };
};

const root = createRootRoute({ component: Outlet, notFoundComponent: Lost, errorComponent: Broken });

/** Pages for anybody. */
const open = createRoute({ getParentRoute: () => root, id: "open", component: Outlet });

/** Pages of a member: who is signed out signs in first and comes back. The member's language decides from here on. */
const members = createRoute({
  getParentRoute: () => root,
  id: "members",
  component: Shell,
  beforeLoad: async ({ location }) => {
    const known = sessionState() === "unknown" ? await renew() : sessionState() === "in";
    if (!known) throw redirect({ to: "/login", search: { to: location.href } });
    const me = await queries.ensureQueryData(meQuery);
    await speak(me.language);
  },
});

const landing = createRoute({
  getParentRoute: () => open,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/entry/Landing"), "Landing"),
});
const login = createRoute({
  getParentRoute: () => open,
  path: "/login",
  validateSearch: back,
  component: lazyRouteComponent(() => import("@/features/entry/SignIn"), "SignIn"),
});
const signup = createRoute({
  getParentRoute: () => open,
  path: "/signup",
  validateSearch: back,
  component: lazyRouteComponent(() => import("@/features/entry/SignUp"), "SignUp"),
});
const forgot = createRoute({
  getParentRoute: () => open,
  path: "/forgot",
  component: lazyRouteComponent(() => import("@/features/entry/Forgot"), "Forgot"),
});

/** Links of mails. Tokens and codes are read by the page and leave the address bar at once. */
const token = (search: Record<string, unknown>): { token?: string } => {
  const found = text(search.token);
  return found ? { token: found } : {};
};
const verify = createRoute({
  getParentRoute: () => open,
  path: "/verify",
  validateSearch: token,
  component: lazyRouteComponent(() => import("@/features/entry/Verify"), "Verify"),
});
const reset = createRoute({
  getParentRoute: () => open,
  path: "/reset",
  validateSearch: token,
  component: lazyRouteComponent(() => import("@/features/entry/Reset"), "Reset"),
});
const emailChange = createRoute({
  getParentRoute: () => open,
  path: "/email-change",
  validateSearch: token,
  component: lazyRouteComponent(() => import("@/features/entry/EmailChange"), "EmailChange"),
});
const join = createRoute({
  getParentRoute: () => open,
  path: "/join",
  validateSearch: (search): { code?: string } => {
    // A code of digits alone arrives as a number.
    const code = search.code === undefined ? undefined : String(search.code).trim();
    return code ? { code } : {};
  },
  component: lazyRouteComponent(() => import("@/features/couple/JoinPage"), "JoinPage"),
});

const home = createRoute({
  getParentRoute: () => members,
  path: "/home",
  component: lazyRouteComponent(() => import("@/features/home/HomePage"), "HomePage"),
});
const couple = createRoute({
  getParentRoute: () => members,
  path: "/couple",
  component: lazyRouteComponent(() => import("@/features/couple/CouplePage"), "CouplePage"),
});
const notes = createRoute({
  getParentRoute: () => members,
  path: "/notes",
  component: lazyRouteComponent(() => import("@/features/notes/ReceivedPage"), "ReceivedPage"),
});
const notesSent = createRoute({
  getParentRoute: () => members,
  path: "/notes/sent",
  component: lazyRouteComponent(() => import("@/features/notes/SentPage"), "SentPage"),
});
const notesScheduled = createRoute({
  getParentRoute: () => members,
  path: "/notes/scheduled",
  component: lazyRouteComponent(() => import("@/features/notes/ScheduledPage"), "ScheduledPage"),
});
const notesLibrary = createRoute({
  getParentRoute: () => members,
  path: "/notes/library",
  component: lazyRouteComponent(() => import("@/features/notes/LibraryPage"), "LibraryPage"),
});
const notesWrite = createRoute({
  getParentRoute: () => members,
  path: "/notes/write",
  validateSearch: (search): { template?: string; reply_to?: string; again?: string } => {
    const [template, reply_to, again] = [text(search.template), text(search.reply_to), text(search.again)];
    return { ...(template && { template }), ...(reply_to && { reply_to }), ...(again && { again }) };
  },
  component: lazyRouteComponent(() => import("@/features/notes/WritePage"), "WritePage"),
});
const chat = createRoute({
  getParentRoute: () => members,
  path: "/chat",
  staticData: { filled: true },
  component: lazyRouteComponent(() => import("@/features/chat/ChatPage"), "ChatPage"),
});
const chatNone = createRoute({
  getParentRoute: () => chat,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/chat/ChooseConversation"), "ChooseConversation"),
});
const chatThread = createRoute({
  getParentRoute: () => chat,
  path: "/$id",
  component: lazyRouteComponent(() => import("@/features/chat/ThreadPage"), "ThreadPage"),
});
const profile = createRoute({
  getParentRoute: () => members,
  path: "/profile",
  component: lazyRouteComponent(() => import("@/features/profile/ProfilePage"), "ProfilePage"),
});
const settings = createRoute({
  getParentRoute: () => members,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings/SettingsPage"), "SettingsPage"),
});
const staff = createRoute({
  getParentRoute: () => members,
  path: "/staff",
  component: lazyRouteComponent(() => import("@/features/staff/StaffPage"), "StaffPage"),
});

/** Every piece of the design in every state: in development builds only. */
const pieces = createRoute({
  getParentRoute: () => open,
  path: "/dev/pieces",
  component: import.meta.env.DEV
    ? lazyRouteComponent(() => import("@/features/pieces/PiecesPage"), "PiecesPage")
    : Lost,
});

export const routes = root.addChildren([
  open.addChildren([landing, login, signup, forgot, verify, reset, emailChange, join, pieces]),
  members.addChildren([
    home,
    couple,
    notes,
    notesSent,
    notesScheduled,
    notesLibrary,
    notesWrite,
    chat.addChildren([chatNone, chatThread]),
    profile,
    settings,
    staff,
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: Lost,
  scrollRestoration: true,
});

/** Begins to load the page that the address names, before anybody knows whether it may be shown. */
export function preloadPage(): void {
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const page = router.routesById[routeId as keyof typeof router.routesById].options.component as
      | { preload?: () => Promise<unknown> }
      | undefined;
    // A page that does not load says so where it is shown.
    page?.preload?.().catch(() => undefined);
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
  interface StaticDataRouteOption {
    /** The page takes all the room of the frame and scrolls within. */
    filled?: boolean;
  }
}
