import { Link } from "@tanstack/react-router";
import { Button } from "@/design/pieces/Button";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { Box } from "./Box";
import { ReceivedLetter } from "./Letter";

export function ReceivedPage() {
  const partner = useCouple()?.partner;
  return (
    <Box
      box="received"
      filters={[
        { value: "delivered", text: t("notes.unopened") },
        { value: "opened", text: t("notes.opened_filter") },
      ]}
      empty={{ title: t("notes.none_received_title"), text: t("notes.none_received") }}
    >
      {(note) => {
        // After an unlink a letter stays, and its author's name is not ours to know.
        const author = partner?.id === note.sender_id ? partner : undefined;
        const from = { name: author?.name ?? t("notes.somebody"), picture: author?.avatar_thumbnail_url };
        return (
          <ReceivedLetter key={note.id} note={note} from={from}>
            {author && (
              <Button asChild tone="quiet" className="self-start">
                <Link to="/notes/write" search={{ reply_to: note.id }}>
                  {t("notes.reply")}
                </Link>
              </Button>
            )}
          </ReceivedLetter>
        );
      }}
    </Box>
  );
}
