import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Heart, Shuffle } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api, ok } from "@/api/client";
import { Button, IconButton } from "@/design/pieces/Button";
import { Card } from "@/design/pieces/Card";
import { SelectField, TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { EmptyState } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { UpgradeSheet } from "@/features/plans/UpgradeSheet";
import { sentence, upgradeOf } from "@/problems/say";
import { t } from "@/words";
import { number } from "@/words/format";
import {
  categoriesQuery,
  favouriteIdsQuery,
  favouritesQuery,
  type Template,
  templatesQuery,
  useFavourite,
} from "./library";
import { NotesFrame } from "./NotesFrame";

/** Ideas for notes, by mood, with the partner's name already in them. */
export function LibraryPage() {
  const [shelf, setShelf] = useState<"all" | "favourites">("all");
  const [category, setCategory] = useState("");
  const [search, setSearch] = useState("");
  const q = useDeferredValue(search.trim());
  const categories = useQuery(categoriesQuery).data ?? [];
  const all = useInfiniteQuery({ ...templatesQuery(category, q), enabled: shelf === "all" });
  const kept = useInfiniteQuery({ ...favouritesQuery, enabled: shelf === "favourites" });
  const first = all.data?.pages[0];
  const navigate = useNavigate();
  const random = useMutation({
    mutationFn: () =>
      ok(
        api.GET("/v1/note-templates/random", { params: { query: category ? { category: category as "sweet" } : {} } }),
      ),
    onSuccess: (template) => navigate({ to: "/notes/write", search: { template: template.id } }),
    onError: (cause) => {
      if (!upgradeOf(cause)) toast(sentence(cause));
    },
  });
  return (
    <NotesFrame>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-4">
        <div>
          <h2 className="text-title">{t("notes.lib_title")}</h2>
          <p className="text-ink-soft">{t("notes.lib_lead")}</p>
        </div>
        <Button tone="quiet" busy={random.isPending} onClick={() => random.mutate()}>
          <Icon of={Shuffle} size={18} />
          {t("notes.surprise")}
        </Button>
      </div>
      <div className="mb-4 grid gap-4 wide:grid-cols-[1fr_16rem]">
        <TextField
          label={t("notes.search")}
          type="search"
          value={search}
          onChange={(event) => {
            setShelf("all");
            setSearch(event.target.value);
          }}
        />
        <SelectField
          label={t("notes.mood")}
          value={category}
          onChange={(event) => {
            setShelf("all");
            setCategory(event.target.value);
          }}
        >
          <option value="">{t("notes.every_mood")}</option>
          {categories.map((one) => (
            <option key={one.key} value={one.key}>
              {one.name} ({number(one.count)})
            </option>
          ))}
        </SelectField>
      </div>
      <div className="mb-6 flex flex-wrap items-center justify-between gap-3">
        <Pills
          label={t("notes.filter")}
          value={shelf}
          onChange={setShelf}
          options={[
            { value: "all", text: t("notes.all") },
            { value: "favourites", text: t("notes.favourites") },
          ]}
        />
        <p className="text-small text-ink-soft" aria-live="polite">
          {shelf === "all" && first && t("notes.matching", { matching: first.matching, total: first.total })}
        </p>
      </div>
      {shelf === "all" ? (
        <Pages query={all} empty={<EmptyState title={t("notes.none_found_title")}>{t("notes.none_found")}</EmptyState>}>
          {(templates) => <Shelf templates={templates} />}
        </Pages>
      ) : (
        <Pages query={kept} empty={<EmptyState title={t("notes.favourites")}>{t("notes.none_favourite")}</EmptyState>}>
          {(templates) => <Shelf templates={templates} />}
        </Pages>
      )}
      <UpgradeSheet cause={random.error} onClose={() => random.reset()} />
    </NotesFrame>
  );
}

function Shelf({ templates }: { templates: Template[] }) {
  const favourites = useQuery(favouriteIdsQuery).data;
  const favourite = useFavourite();
  return (
    <ul className="grid gap-4 broad:grid-cols-2">
      {templates.map((template) => {
        const kept = favourites?.has(template.id) ?? false;
        return (
          <li key={template.id}>
            <Card className="flex h-full flex-col gap-3">
              <div className="flex items-start justify-between gap-3">
                <h3 className="text-large">{template.title}</h3>
                <IconButton
                  label={kept ? t("notes.favourite_remove") : t("notes.favourite_add")}
                  aria-pressed={kept}
                  className="-mt-2.5 -mr-2.5"
                  onClick={() => favourite.mutate({ template, keep: !kept })}
                >
                  <Icon of={Heart} className={kept ? "fill-you text-you" : ""} />
                </IconButton>
              </div>
              <p className="font-display text-large whitespace-pre-line">{template.content}</p>
              <Button asChild tone="quiet" small className="mt-auto self-start">
                <Link to="/notes/write" search={{ template: template.id }}>
                  {t("notes.use")}
                </Link>
              </Button>
            </Card>
          </li>
        );
      })}
    </ul>
  );
}
