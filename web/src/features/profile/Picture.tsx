import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, useRef, useState } from "react";
import { api, ok } from "@/api/client";
import { Avatar } from "@/design/pieces/Avatar";
import { Button } from "@/design/pieces/Button";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { CropDialog } from "./CropDialog";
import { type Me, meQuery } from "./queries";

/** One's own picture: chosen, cropped here, and sent as a square. */
export function Picture({ me }: { me: Me }) {
  const queries = useQueryClient();
  const files = useRef<HTMLInputElement>(null);
  const [chosen, setChosen] = useState<ImageBitmap>();
  const put = useMutation({
    mutationFn: (picture: Blob) => {
      const form = new FormData();
      form.set("picture", picture, "picture.jpg");
      // The document gives this call several kinds of body, and the client's types know the first only.
      return ok(
        api.PUT("/v1/me/picture", {
          body: form as never,
          bodySerializer: (body: unknown) => body as FormData,
        }),
      );
    },
    onSuccess: (changed) => {
      queries.setQueryData(meQuery.queryKey, changed);
      setChosen(undefined);
      toast(t("profile.picture_saved"));
    },
    onError: (cause) => toast(sentence(cause)),
  });
  const remove = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/me/picture")),
    onSuccess: () => {
      toast(t("profile.picture_removed"));
      return queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
    onError: (cause) => toast(sentence(cause)),
  });
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    event.target.value = "";
    if (!file) return;
    try {
      setChosen(await createImageBitmap(file));
    } catch {
      toast(t("profile.not_picture"));
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-4">
      <Avatar name={me.name} who="you" picture={me.avatar_url} size="big" />
      <input
        ref={files}
        type="file"
        accept="image/jpeg,image/png,image/webp,image/gif"
        hidden
        data-testid="picture"
        onChange={(event) => void choose(event)}
      />
      <Button tone="quiet" onClick={() => files.current?.click()}>
        {t("profile.choose_picture")}
      </Button>
      {me.avatar_url && (
        <Button tone="plain" busy={remove.isPending} onClick={() => remove.mutate()}>
          {t("profile.remove_picture")}
        </Button>
      )}
      {chosen && (
        <CropDialog
          picture={chosen}
          busy={put.isPending}
          onClose={() => setChosen(undefined)}
          onDone={(square) => put.mutate(square)}
        />
      )}
    </div>
  );
}
