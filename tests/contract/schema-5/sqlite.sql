CREATE TABLE "meta" (
	"name" TEXT NOT NULL, 
	"value" TEXT NOT NULL, 
	PRIMARY KEY ("name")
)
 STRICT;
CREATE TABLE "partners" (
	"name" TEXT NOT NULL, 
	"identity" BLOB NOT NULL, 
	"fingerprint" TEXT NOT NULL, 
	"status" TEXT NOT NULL, 
	"added" INTEGER NOT NULL, 
	"changed" INTEGER NOT NULL, 
	"changed_by" TEXT NOT NULL, 
	PRIMARY KEY ("name")
)
 STRICT;
CREATE TABLE "logs" (
	"origin" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"direction" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"generation" INTEGER NOT NULL, 
	"size" INTEGER NOT NULL, 
	"frontier" BLOB NOT NULL, 
	"last_time" INTEGER NOT NULL, 
	"cosigned" INTEGER NOT NULL, 
	"receipt" TEXT NOT NULL, 
	"closing" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	"reopen" INTEGER NOT NULL, 
	PRIMARY KEY ("origin")
)
 STRICT;
CREATE INDEX logs_by_link ON "logs" ("partner", "direction", "lane", "generation", "origin");
CREATE TABLE "attempts" (
	"partner" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"failures" INTEGER NOT NULL, 
	"failed" INTEGER NOT NULL, 
	"reason" TEXT NOT NULL, 
	"due" INTEGER NOT NULL, 
	"reached" INTEGER NOT NULL, 
	PRIMARY KEY ("partner", "lane")
)
 STRICT;
CREATE TABLE "entries" (
	"origin" TEXT NOT NULL, 
	"index" INTEGER NOT NULL, 
	"leaf" BLOB NOT NULL, 
	"nodes" BLOB NOT NULL, 
	"message" TEXT NOT NULL, 
	PRIMARY KEY ("origin", "index")
)
 STRICT;
CREATE TABLE "messages" (
	"id" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"direction" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"kind" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"act" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	"governance" TEXT NOT NULL, 
	"origin" TEXT NOT NULL, 
	"index" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	"noted" INTEGER NOT NULL, 
	"facts" TEXT NOT NULL, 
	"type" TEXT NOT NULL, 
	"purpose" TEXT NOT NULL, 
	"ground" TEXT NOT NULL, 
	"size" INTEGER NOT NULL, 
	"commitment" BLOB NOT NULL, 
	"checks" TEXT NOT NULL, 
	"refusal" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	"author" TEXT NOT NULL, 
	"releaser" TEXT NOT NULL, 
	"position" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX messages_by_dossier ON "messages" ("dossier", "position", "id");
CREATE INDEX messages_by_queue ON "messages" ("partner", "direction", "lane", "state", "position", "id");
CREATE TABLE "contents" (
	"message" TEXT NOT NULL, 
	"salt" BLOB NOT NULL, 
	"body" BLOB NOT NULL, 
	PRIMARY KEY ("message")
)
 STRICT;
CREATE TABLE "waits" (
	"message" TEXT NOT NULL, 
	"need" TEXT NOT NULL, 
	PRIMARY KEY ("message", "need")
)
 STRICT;
CREATE INDEX waits_by_need ON "waits" ("need", "message");
CREATE TABLE "dossiers" (
	"id" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"type" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"opener" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"status" TEXT NOT NULL, 
	"standing" TEXT NOT NULL, 
	"heads" TEXT NOT NULL, 
	"refused" TEXT NOT NULL, 
	"count" INTEGER NOT NULL, 
	"own_reference" TEXT NOT NULL, 
	"partner_reference" TEXT NOT NULL, 
	"title" TEXT NOT NULL, 
	"opened" INTEGER NOT NULL, 
	"updated" INTEGER NOT NULL, 
	"domain" TEXT NOT NULL, 
	"opening" TEXT NOT NULL, 
	"acknowledged" TEXT NOT NULL, 
	"charged" TEXT NOT NULL, 
	"answered" TEXT NOT NULL, 
	"person" TEXT NOT NULL, 
	"desk" TEXT NOT NULL, 
	"service" TEXT NOT NULL, 
	"given" TEXT NOT NULL, 
	"addressed" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX dossiers_by_desk ON "dossiers" ("domain", "desk", "status", "updated", "id");
CREATE INDEX dossiers_by_given ON "dossiers" ("domain", "given", "status", "updated", "id");
CREATE INDEX dossiers_by_partner ON "dossiers" ("domain", "partner", "type", "status", "updated", "id");
CREATE INDEX dossiers_by_partner_reference ON "dossiers" ("partner_reference", "id");
CREATE INDEX dossiers_by_reference ON "dossiers" ("own_reference", "id");
CREATE INDEX dossiers_by_status ON "dossiers" ("domain", "status", "updated", "id");
CREATE INDEX dossiers_by_type ON "dossiers" ("domain", "type", "status", "updated", "id");
CREATE TABLE "instruments" (
	"digest" TEXT NOT NULL, 
	"kind" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"body" BLOB NOT NULL, 
	"proposed_by" TEXT NOT NULL, 
	"proposed" INTEGER NOT NULL, 
	"agreement" TEXT NOT NULL, 
	"supersedes" TEXT NOT NULL, 
	"own_signed" INTEGER NOT NULL, 
	"own_cosigned" INTEGER NOT NULL, 
	"partner_signed" INTEGER NOT NULL, 
	"own_message" TEXT NOT NULL, 
	"partner_message" TEXT NOT NULL, 
	"rejected" INTEGER NOT NULL, 
	"rejected_by" TEXT NOT NULL, 
	"terminated" INTEGER NOT NULL, 
	"terminated_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	PRIMARY KEY ("digest")
)
 STRICT;
CREATE INDEX instruments_by_partner ON "instruments" ("partner", "kind", "digest");
CREATE INDEX instruments_by_superseded ON "instruments" ("supersedes", "digest");
CREATE TABLE "usage" (
	"channel" TEXT NOT NULL, 
	"day" TEXT NOT NULL, 
	"direction" TEXT NOT NULL, 
	"entries" INTEGER NOT NULL, 
	"bytes" INTEGER NOT NULL, 
	PRIMARY KEY ("channel", "day", "direction")
)
 STRICT;
CREATE TABLE "audits" (
	"id" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"what" TEXT NOT NULL, 
	"who" TEXT NOT NULL, 
	"on" TEXT NOT NULL, 
	"salt" BLOB NOT NULL, 
	"details" BLOB NOT NULL, 
	"commitment" BLOB NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"generation" INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	"place" INTEGER NOT NULL, 
	"nodes" BLOB NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX audits_by_dossier ON "audits" ("dossier", "time", "id");
CREATE INDEX audits_by_on ON "audits" ("on", "time", "id");
CREATE INDEX audits_by_place ON "audits" ("generation", "index", "place", "id");
CREATE INDEX audits_by_time ON "audits" ("time", "id");
CREATE INDEX audits_by_who ON "audits" ("who", "time", "id");
CREATE TABLE "alarms" (
	"id" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"what" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"text" TEXT NOT NULL, 
	"status" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX alarms_by_status ON "alarms" ("status", "time", "id");
CREATE TABLE "conflicts" (
	"id" TEXT NOT NULL, 
	"origin" TEXT NOT NULL, 
	"index" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	"ours" TEXT NOT NULL, 
	"theirs" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX conflicts_by_origin ON "conflicts" ("origin", "id");
CREATE TABLE "timers" (
	"dossier" TEXT NOT NULL, 
	"deadline" TEXT NOT NULL, 
	"message" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"type" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"owner" TEXT NOT NULL, 
	"duration" TEXT NOT NULL, 
	"started" INTEGER NOT NULL, 
	"half" INTEGER NOT NULL, 
	"late" INTEGER NOT NULL, 
	"due" INTEGER NOT NULL, 
	"next" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	"stage" INTEGER NOT NULL, 
	"ended" INTEGER NOT NULL, 
	"ended_by" TEXT NOT NULL, 
	"promised" INTEGER NOT NULL, 
	"every" INTEGER NOT NULL, 
	"called" INTEGER NOT NULL, 
	"person" TEXT NOT NULL, 
	"tell" TEXT NOT NULL, 
	"legal" INTEGER NOT NULL, 
	"local" INTEGER NOT NULL, 
	"paused" INTEGER NOT NULL, 
	"rested" INTEGER NOT NULL, 
	PRIMARY KEY ("dossier", "deadline", "message")
)
 STRICT;
CREATE INDEX timers_by_next ON "timers" ("next", "dossier", "deadline", "message");
CREATE INDEX timers_by_state ON "timers" ("state", "owner", "due", "dossier", "deadline", "message");
CREATE TABLE "touched" (
	"dossier" TEXT NOT NULL, 
	"turn" INTEGER NOT NULL, 
	PRIMARY KEY ("dossier")
)
 STRICT;
CREATE INDEX touched_by_turn ON "touched" ("turn", "dossier");
CREATE TABLE "notices" (
	"person" TEXT NOT NULL, 
	"read" INTEGER NOT NULL, 
	"moment" INTEGER NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"deadline" TEXT NOT NULL, 
	"message" TEXT NOT NULL, 
	"what" TEXT NOT NULL, 
	"owner" TEXT NOT NULL, 
	"type" TEXT NOT NULL, 
	"due" INTEGER NOT NULL, 
	"written" INTEGER NOT NULL, 
	PRIMARY KEY ("person", "read", "moment", "message", "deadline", "what")
)
 STRICT;
CREATE TABLE "oncall" (
	"domain" TEXT NOT NULL, 
	"place" INTEGER NOT NULL, 
	"begins" INTEGER NOT NULL, 
	"person" TEXT NOT NULL, 
	"ends" INTEGER NOT NULL, 
	"set_by" TEXT NOT NULL, 
	"set_at" INTEGER NOT NULL, 
	PRIMARY KEY ("domain", "place", "begins")
)
 STRICT;
CREATE TABLE "audit_logs" (
	"origin" TEXT NOT NULL, 
	"generation" INTEGER NOT NULL, 
	"size" INTEGER NOT NULL, 
	"frontier" BLOB NOT NULL, 
	"time" INTEGER NOT NULL, 
	"open_size" INTEGER NOT NULL, 
	"open_frontier" BLOB NOT NULL, 
	"previous" TEXT NOT NULL, 
	"receipt" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	PRIMARY KEY ("origin")
)
 STRICT;
CREATE INDEX audit_logs_by_generation ON "audit_logs" ("generation", "origin");
CREATE TABLE "audit_blocks" (
	"generation" INTEGER NOT NULL, 
	"index" INTEGER NOT NULL, 
	"leaf" BLOB NOT NULL, 
	"nodes" BLOB NOT NULL, 
	"salt" BLOB NOT NULL, 
	"body" BLOB NOT NULL, 
	"size" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("generation", "index")
)
 STRICT;
CREATE INDEX audit_blocks_by_time ON "audit_blocks" ("time", "generation", "index");
CREATE TABLE "witnesses" (
	"name" TEXT NOT NULL, 
	"identity" BLOB NOT NULL, 
	"fingerprint" TEXT NOT NULL, 
	"status" TEXT NOT NULL, 
	"changed" INTEGER NOT NULL, 
	"changed_by" TEXT NOT NULL, 
	PRIMARY KEY ("name")
)
 STRICT;
CREATE TABLE "watches" (
	"witness" TEXT NOT NULL, 
	"origin" TEXT NOT NULL, 
	"holds" INTEGER NOT NULL, 
	"since" INTEGER NOT NULL, 
	"failures" INTEGER NOT NULL, 
	"due" INTEGER NOT NULL, 
	"reason" TEXT NOT NULL, 
	"alarm" TEXT NOT NULL, 
	PRIMARY KEY ("witness")
)
 STRICT;
CREATE TABLE "cosigned" (
	"origin" TEXT NOT NULL, 
	"witness" TEXT NOT NULL, 
	"size" INTEGER NOT NULL, 
	"note" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("origin", "witness")
)
 STRICT;
CREATE INDEX cosigned_by_witness ON "cosigned" ("witness", "time", "origin");
CREATE TABLE "witnessed" (
	"node" TEXT NOT NULL, 
	"generation" INTEGER NOT NULL, 
	"size" INTEGER NOT NULL, 
	"note" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("node", "generation")
)
 STRICT;
CREATE TABLE "forks" (
	"id" TEXT NOT NULL, 
	"node" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"held" TEXT NOT NULL, 
	"offered" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX forks_by_node ON "forks" ("node", "time", "id");
CREATE TABLE "persons" (
	"id" TEXT NOT NULL, 
	"name" TEXT NOT NULL, 
	"language" TEXT NOT NULL, 
	"added" INTEGER NOT NULL, 
	"added_by" TEXT NOT NULL, 
	"changed" INTEGER NOT NULL, 
	"changed_by" TEXT NOT NULL, 
	"removed" INTEGER NOT NULL, 
	"service" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE TABLE "seats" (
	"user" TEXT NOT NULL, 
	"person" TEXT NOT NULL, 
	PRIMARY KEY ("user", "person")
)
 STRICT;
CREATE INDEX seats_by_person ON "seats" ("person", "user");
CREATE TABLE "grants" (
	"id" TEXT NOT NULL, 
	"person" TEXT NOT NULL, 
	"role" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"begin" TEXT NOT NULL, 
	"until" TEXT NOT NULL, 
	"given" INTEGER NOT NULL, 
	"given_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	"revoked" INTEGER NOT NULL, 
	"revoked_by" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX grants_by_person ON "grants" ("person", "given", "id");
CREATE TABLE "policies" (
	"id" TEXT NOT NULL, 
	"digest" TEXT NOT NULL, 
	"text" TEXT NOT NULL, 
	"adopted" INTEGER NOT NULL, 
	"adopted_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE TABLE "drafts" (
	"id" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"act" TEXT NOT NULL, 
	"body" BLOB NOT NULL, 
	"author" TEXT NOT NULL, 
	"created" INTEGER NOT NULL, 
	"type" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"version" INTEGER NOT NULL, 
	"edition" INTEGER NOT NULL, 
	"authors" TEXT NOT NULL, 
	"attested" TEXT NOT NULL, 
	"comment" TEXT NOT NULL, 
	"changed" INTEGER NOT NULL, 
	"changed_by" TEXT NOT NULL, 
	"first" TEXT NOT NULL, 
	"approved" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX drafts_by_author ON "drafts" ("author", "state", "changed", "id");
CREATE INDEX drafts_by_dossier ON "drafts" ("dossier", "created", "id");
CREATE INDEX drafts_by_state ON "drafts" ("state", "changed", "id");
CREATE TABLE "assignments" (
	"id" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"service" TEXT NOT NULL, 
	"desk" TEXT NOT NULL, 
	"person" TEXT NOT NULL, 
	"note" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX assignments_by_dossier ON "assignments" ("dossier", "time", "id");
CREATE TABLE "work_notes" (
	"id" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"text" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX work_notes_by_dossier ON "work_notes" ("dossier", "time", "id");
CREATE TABLE "vias" (
	"id" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"system" TEXT NOT NULL, 
	"reference" TEXT NOT NULL, 
	"sent" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX vias_by_dossier ON "vias" ("dossier", "time", "id");
CREATE TABLE "reviews" (
	"message" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"partner" TEXT NOT NULL, 
	"act" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"released" INTEGER NOT NULL, 
	"released_by" TEXT NOT NULL, 
	"author" TEXT NOT NULL, 
	"due" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	"done" INTEGER NOT NULL, 
	"done_by" TEXT NOT NULL, 
	"comment" TEXT NOT NULL, 
	PRIMARY KEY ("message")
)
 STRICT;
CREATE INDEX reviews_by_dossier ON "reviews" ("dossier", "released", "message");
CREATE INDEX reviews_by_state ON "reviews" ("state", "due", "message");
CREATE TABLE "eras" (
	"number" INTEGER NOT NULL, 
	"identity" BLOB NOT NULL, 
	"fingerprint" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"how" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	"kinds" TEXT NOT NULL, 
	"revoked" TEXT NOT NULL, 
	PRIMARY KEY ("number")
)
 STRICT;
CREATE TABLE "told" (
	"partner" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"era" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	"message" TEXT NOT NULL, 
	"lasts" TEXT NOT NULL, 
	PRIMARY KEY ("partner", "number")
)
 STRICT;
CREATE TABLE "spans" (
	"partner" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"identity" BLOB NOT NULL, 
	"fingerprint" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"how" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	"message" TEXT NOT NULL, 
	"lasts" TEXT NOT NULL, 
	PRIMARY KEY ("partner", "number")
)
 STRICT;
CREATE TABLE "candidates" (
	"partner" TEXT NOT NULL, 
	"identity" BLOB NOT NULL, 
	"fingerprint" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	PRIMARY KEY ("partner")
)
 STRICT;
CREATE TABLE "retired" (
	"id" TEXT NOT NULL, 
	"kind" TEXT NOT NULL, 
	"due" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE TABLE "backups" (
	"digest" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"size" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"keys" INTEGER NOT NULL, 
	PRIMARY KEY ("digest")
)
 STRICT;
CREATE INDEX backups_by_time ON "backups" ("time", "digest");
CREATE TABLE "attachments" (
	"id" TEXT NOT NULL, 
	"source" TEXT NOT NULL, 
	"address" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"size" INTEGER NOT NULL, 
	"media" TEXT NOT NULL, 
	"count" INTEGER NOT NULL, 
	"expires" INTEGER NOT NULL, 
	"key" BLOB NOT NULL, 
	"partner" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"message" TEXT NOT NULL, 
	"place" INTEGER NOT NULL, 
	"outcome" TEXT NOT NULL, 
	"answer" TEXT NOT NULL, 
	"noted" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX attachments_by_address ON "attachments" ("address", "source", "id");
CREATE INDEX attachments_by_expiry ON "attachments" ("state", "expires", "id");
CREATE INDEX attachments_by_line ON "attachments" ("state", "partner", "lane", "message", "place", "id");
CREATE INDEX attachments_by_message ON "attachments" ("message", "place", "id");
CREATE TABLE "pieces" (
	"file" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"node" BLOB NOT NULL, 
	"nodes" BLOB NOT NULL, 
	PRIMARY KEY ("file", "number")
)
 STRICT;
CREATE TABLE "piece_bodies" (
	"file" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"body" BLOB NOT NULL, 
	PRIMARY KEY ("file", "number")
)
 STRICT;
CREATE TABLE "leftovers" (
	"file" TEXT NOT NULL, 
	PRIMARY KEY ("file")
)
 STRICT;
CREATE TABLE "unfinished" (
	"partner" TEXT NOT NULL, 
	"files" INTEGER NOT NULL, 
	"bytes" INTEGER NOT NULL, 
	PRIMARY KEY ("partner")
)
 STRICT;
CREATE TABLE "erasures" (
	"message" TEXT NOT NULL, 
	"commitment" BLOB NOT NULL, 
	"time" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"ground" TEXT NOT NULL, 
	"here" INTEGER NOT NULL, 
	"urgency" TEXT NOT NULL, 
	PRIMARY KEY ("message")
)
 STRICT;
CREATE INDEX erasures_by_here ON "erasures" ("here", "message");
CREATE INDEX erasures_by_time ON "erasures" ("time", "message");
CREATE TABLE "leases" (
	"name" TEXT NOT NULL, 
	"holder" TEXT NOT NULL, 
	"token" INTEGER NOT NULL, 
	"since" INTEGER NOT NULL, 
	PRIMARY KEY ("name")
)
 STRICT;
CREATE TABLE "processes" (
	"id" TEXT NOT NULL, 
	"instance" TEXT NOT NULL, 
	"host" TEXT NOT NULL, 
	"folder" TEXT NOT NULL, 
	"pid" INTEGER NOT NULL, 
	"does" TEXT NOT NULL, 
	"listen" TEXT NOT NULL, 
	"seconds" INTEGER NOT NULL, 
	"beat" INTEGER NOT NULL, 
	"started" INTEGER NOT NULL, 
	"seen" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE TABLE "comparisons" (
	"partner" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"life" TEXT NOT NULL, 
	"mark" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("partner", "lane")
)
 STRICT;
CREATE TABLE "doubts" (
	"partner" TEXT NOT NULL, 
	"count" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	"start" TEXT NOT NULL, 
	PRIMARY KEY ("partner")
)
 STRICT;
CREATE TABLE "questions" (
	"partner" TEXT NOT NULL, 
	"nonce" BLOB NOT NULL, 
	"time" INTEGER NOT NULL, 
	"life" TEXT NOT NULL, 
	"marks" TEXT NOT NULL, 
	"held" TEXT NOT NULL, 
	PRIMARY KEY ("partner", "nonce")
)
 STRICT;
CREATE INDEX questions_by_time ON "questions" ("partner", "time", "nonce");
CREATE TABLE "asked" (
	"partner" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"note" TEXT NOT NULL, 
	PRIMARY KEY ("partner")
)
 STRICT;
CREATE TABLE "carried" (
	"partner" TEXT NOT NULL, 
	"lane" TEXT NOT NULL, 
	"origin" TEXT NOT NULL, 
	"size" INTEGER NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("partner", "lane")
)
 STRICT;
CREATE TABLE "carried_files" (
	"file" TEXT NOT NULL, 
	"pieces" INTEGER NOT NULL, 
	PRIMARY KEY ("file")
)
 STRICT;
CREATE TABLE "starts" (
	"folder" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"token" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("folder")
)
 STRICT;
CREATE TABLE "relations" (
	"id" TEXT NOT NULL, 
	"kind" TEXT NOT NULL, 
	"one" TEXT NOT NULL, 
	"other" TEXT NOT NULL, 
	"one_message" TEXT NOT NULL, 
	"other_message" TEXT NOT NULL, 
	"source" TEXT NOT NULL, 
	"information" TEXT NOT NULL, 
	"nature" TEXT NOT NULL, 
	"because" TEXT NOT NULL, 
	"note" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	"instead" TEXT NOT NULL, 
	"again" TEXT NOT NULL, 
	"ended" INTEGER NOT NULL, 
	"ended_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE TABLE "relation_threads" (
	"on" TEXT NOT NULL, 
	"relation" TEXT NOT NULL, 
	"standing" INTEGER NOT NULL, 
	PRIMARY KEY ("on", "relation")
)
 STRICT;
CREATE INDEX relation_threads_by_on ON "relation_threads" ("on", "standing", "relation");
CREATE TABLE "relation_things" (
	"id" TEXT NOT NULL, 
	"dossier" TEXT NOT NULL, 
	"kind" TEXT NOT NULL, 
	"name" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	"time" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX relation_things_by_dossier ON "relation_things" ("dossier", "kind", "name", "id");
CREATE TABLE "lists" (
	"name" TEXT NOT NULL, 
	"id" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"purpose" TEXT NOT NULL, 
	"basis" TEXT NOT NULL, 
	"form" TEXT NOT NULL, 
	"retention" TEXT NOT NULL, 
	"created" INTEGER NOT NULL, 
	"created_by" TEXT NOT NULL, 
	"edition" TEXT NOT NULL, 
	"entries" INTEGER NOT NULL, 
	"expires" INTEGER NOT NULL, 
	PRIMARY KEY ("name")
)
 STRICT;
CREATE INDEX lists_by_expiry ON "lists" ("expires", "name");
CREATE TABLE "list_editions" (
	"id" TEXT NOT NULL, 
	"list" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"state" TEXT NOT NULL, 
	"moved" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"source" TEXT NOT NULL, 
	"form" TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"entries" INTEGER NOT NULL, 
	"added" INTEGER NOT NULL, 
	"changed" INTEGER NOT NULL, 
	"removed" INTEGER NOT NULL, 
	"faults" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX list_editions_by_list ON "list_editions" ("list", "number", "id");
CREATE INDEX list_editions_by_state ON "list_editions" ("state", "moved", "id");
CREATE TABLE "list_entries" (
	"edition" TEXT NOT NULL, 
	"entry" TEXT NOT NULL, 
	"body" BLOB NOT NULL, 
	PRIMARY KEY ("edition", "entry")
)
 STRICT;
CREATE TABLE "list_keys" (
	"edition" TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	"entry" TEXT NOT NULL, 
	PRIMARY KEY ("edition", "key", "entry")
)
 STRICT;
CREATE TABLE "list_changes" (
	"edition" TEXT NOT NULL, 
	"entry" TEXT NOT NULL, 
	"what" TEXT NOT NULL, 
	PRIMARY KEY ("edition", "entry")
)
 STRICT;
CREATE INDEX list_changes_by_what ON "list_changes" ("edition", "what", "entry");
CREATE TABLE "screenings" (
	"id" TEXT NOT NULL, 
	"list" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"edition" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"purpose" TEXT NOT NULL, 
	"basis" TEXT NOT NULL, 
	"link" TEXT NOT NULL, 
	"offence" TEXT NOT NULL, 
	"journey" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"form" TEXT NOT NULL, 
	"least" INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	"begun" INTEGER NOT NULL, 
	"moved" INTEGER NOT NULL, 
	"expires" INTEGER NOT NULL, 
	"retention" TEXT NOT NULL, 
	"state" TEXT NOT NULL, 
	"ended" INTEGER NOT NULL, 
	"travellers" INTEGER NOT NULL, 
	"faults" INTEGER NOT NULL, 
	"hits" INTEGER NOT NULL, 
	"cut" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX screenings_by_list ON "screenings" ("list", "begun", "id");
CREATE INDEX screenings_by_state ON "screenings" ("state", "expires", "id");
CREATE TABLE "screening_hits" (
	"run" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"rank" INTEGER NOT NULL, 
	"list" TEXT NOT NULL, 
	"entry" TEXT NOT NULL, 
	"same" TEXT NOT NULL, 
	"script" TEXT NOT NULL, 
	"against" TEXT NOT NULL, 
	"traveller" BLOB NOT NULL, 
	"body" BLOB NOT NULL, 
	"state" TEXT NOT NULL, 
	"decided" INTEGER NOT NULL, 
	"decided_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	PRIMARY KEY ("run", "number")
)
 STRICT;
CREATE INDEX screening_hits_by_rank ON "screening_hits" ("run", "rank", "number");
CREATE INDEX screening_hits_by_same ON "screening_hits" ("list", "entry", "same", "run", "number");
CREATE INDEX screening_hits_by_state ON "screening_hits" ("run", "state", "number");
CREATE TABLE "screening_confirmed" (
	"id" TEXT NOT NULL, 
	"run" TEXT NOT NULL, 
	"number" INTEGER NOT NULL, 
	"rank" INTEGER NOT NULL, 
	"list" TEXT NOT NULL, 
	"domain" TEXT NOT NULL, 
	"edition" INTEGER NOT NULL, 
	"entry" TEXT NOT NULL, 
	"purpose" TEXT NOT NULL, 
	"basis" TEXT NOT NULL, 
	"link" TEXT NOT NULL, 
	"offence" TEXT NOT NULL, 
	"journey" TEXT NOT NULL, 
	"channel" TEXT NOT NULL, 
	"script" TEXT NOT NULL, 
	"against" TEXT NOT NULL, 
	"traveller" BLOB NOT NULL, 
	"body" BLOB NOT NULL, 
	"said" TEXT NOT NULL, 
	"screened" INTEGER NOT NULL, 
	"screened_by" TEXT NOT NULL, 
	"decided" INTEGER NOT NULL, 
	"decided_by" TEXT NOT NULL, 
	"reason" TEXT NOT NULL, 
	"until" INTEGER NOT NULL, 
	PRIMARY KEY ("id")
)
 STRICT;
CREATE INDEX screening_confirmed_by_domain ON "screening_confirmed" ("domain", "decided", "id");
CREATE INDEX screening_confirmed_by_entry ON "screening_confirmed" ("list", "entry", "id");
CREATE INDEX screening_confirmed_by_run ON "screening_confirmed" ("run", "number", "id");
CREATE INDEX screening_confirmed_by_until ON "screening_confirmed" ("until", "id");
CREATE TABLE "screening_figures" (
	"list" TEXT NOT NULL, 
	"month" TEXT NOT NULL, 
	"script" TEXT NOT NULL, 
	"against" TEXT NOT NULL, 
	"travellers" INTEGER NOT NULL, 
	"hits" INTEGER NOT NULL, 
	"confirmed" INTEGER NOT NULL, 
	"rejected" INTEGER NOT NULL, 
	"lapsed" INTEGER NOT NULL, 
	PRIMARY KEY ("list", "month", "script", "against")
)
 STRICT;
