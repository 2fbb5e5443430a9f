CREATE TABLE "meta" (
	"name" TEXT COLLATE "C" NOT NULL, 
	"value" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("name")
);
CREATE TABLE "partners" (
	"name" TEXT COLLATE "C" NOT NULL, 
	"identity" BYTEA NOT NULL, 
	"fingerprint" TEXT COLLATE "C" NOT NULL, 
	"status" TEXT COLLATE "C" NOT NULL, 
	"added" BIGINT NOT NULL, 
	"changed" BIGINT NOT NULL, 
	"changed_by" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("name")
);
CREATE TABLE "logs" (
	"origin" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"direction" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"generation" BIGINT NOT NULL, 
	"size" BIGINT NOT NULL, 
	"frontier" BYTEA NOT NULL, 
	"last_time" BIGINT NOT NULL, 
	"cosigned" BIGINT NOT NULL, 
	"receipt" TEXT COLLATE "C" NOT NULL, 
	"closing" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"reopen" BOOLEAN NOT NULL, 
	PRIMARY KEY ("origin")
);
CREATE INDEX logs_by_link ON "logs" ("partner", "direction", "lane", "generation", "origin");
CREATE TABLE "attempts" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"failures" BIGINT NOT NULL, 
	"failed" BIGINT NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"due" BIGINT NOT NULL, 
	"reached" BOOLEAN NOT NULL, 
	PRIMARY KEY ("partner", "lane")
);
CREATE TABLE "entries" (
	"origin" TEXT COLLATE "C" NOT NULL, 
	"index" BIGINT NOT NULL, 
	"leaf" BYTEA NOT NULL, 
	"nodes" BYTEA NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("origin", "index")
);
CREATE TABLE "messages" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"direction" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"kind" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"act" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"after" TEXT COLLATE "C" NOT NULL, 
	"governance" TEXT COLLATE "C" NOT NULL, 
	"origin" TEXT COLLATE "C" NOT NULL, 
	"index" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	"noted" BIGINT NOT NULL, 
	"facts" TEXT COLLATE "C" NOT NULL, 
	"type" TEXT COLLATE "C" NOT NULL, 
	"purpose" TEXT COLLATE "C" NOT NULL, 
	"ground" TEXT COLLATE "C" NOT NULL, 
	"size" BIGINT NOT NULL, 
	"commitment" BYTEA NOT NULL, 
	"checks" TEXT COLLATE "C" NOT NULL, 
	"refusal" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"author" TEXT COLLATE "C" NOT NULL, 
	"releaser" TEXT COLLATE "C" NOT NULL, 
	"position" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX messages_by_dossier ON "messages" ("dossier", "position", "id");
CREATE INDEX messages_by_queue ON "messages" ("partner", "direction", "lane", "state", "position", "id");
CREATE TABLE "contents" (
	"message" TEXT COLLATE "C" NOT NULL, 
	"salt" BYTEA NOT NULL, 
	"body" BYTEA NOT NULL, 
	PRIMARY KEY ("message")
);
CREATE TABLE "waits" (
	"message" TEXT COLLATE "C" NOT NULL, 
	"need" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("message", "need")
);
CREATE INDEX waits_by_need ON "waits" ("need", "message");
CREATE TABLE "dossiers" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"type" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"opener" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"status" TEXT COLLATE "C" NOT NULL, 
	"standing" TEXT COLLATE "C" NOT NULL, 
	"heads" TEXT COLLATE "C" NOT NULL, 
	"refused" TEXT COLLATE "C" NOT NULL, 
	"count" BIGINT NOT NULL, 
	"own_reference" TEXT COLLATE "C" NOT NULL, 
	"partner_reference" TEXT COLLATE "C" NOT NULL, 
	"title" TEXT COLLATE "C" NOT NULL, 
	"opened" BIGINT NOT NULL, 
	"updated" BIGINT NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"opening" TEXT COLLATE "C" NOT NULL, 
	"acknowledged" TEXT COLLATE "C" NOT NULL, 
	"charged" TEXT COLLATE "C" NOT NULL, 
	"answered" TEXT COLLATE "C" NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	"desk" TEXT COLLATE "C" NOT NULL, 
	"service" TEXT COLLATE "C" NOT NULL, 
	"given" TEXT COLLATE "C" NOT NULL, 
	"addressed" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX dossiers_by_desk ON "dossiers" ("domain", "desk", "status", "updated", "id");
CREATE INDEX dossiers_by_given ON "dossiers" ("domain", "given", "status", "updated", "id");
CREATE INDEX dossiers_by_partner ON "dossiers" ("domain", "partner", "type", "status", "updated", "id");
CREATE INDEX dossiers_by_partner_reference ON "dossiers" ("partner_reference", "id");
CREATE INDEX dossiers_by_reference ON "dossiers" ("own_reference", "id");
CREATE INDEX dossiers_by_status ON "dossiers" ("domain", "status", "updated", "id");
CREATE INDEX dossiers_by_type ON "dossiers" ("domain", "type", "status", "updated", "id");
CREATE TABLE "instruments" (
	"digest" TEXT COLLATE "C" NOT NULL, 
	"kind" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"body" BYTEA NOT NULL, 
	"proposed_by" TEXT COLLATE "C" NOT NULL, 
	"proposed" BIGINT NOT NULL, 
	"agreement" TEXT COLLATE "C" NOT NULL, 
	"supersedes" TEXT COLLATE "C" NOT NULL, 
	"own_signed" BIGINT NOT NULL, 
	"own_cosigned" BOOLEAN NOT NULL, 
	"partner_signed" BIGINT NOT NULL, 
	"own_message" TEXT COLLATE "C" NOT NULL, 
	"partner_message" TEXT COLLATE "C" NOT NULL, 
	"rejected" BIGINT NOT NULL, 
	"rejected_by" TEXT COLLATE "C" NOT NULL, 
	"terminated" BIGINT NOT NULL, 
	"terminated_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("digest")
);
CREATE INDEX instruments_by_partner ON "instruments" ("partner", "kind", "digest");
CREATE INDEX instruments_by_superseded ON "instruments" ("supersedes", "digest");
CREATE TABLE "usage" (
	"channel" TEXT COLLATE "C" NOT NULL, 
	"day" TEXT COLLATE "C" NOT NULL, 
	"direction" TEXT COLLATE "C" NOT NULL, 
	"entries" BIGINT NOT NULL, 
	"bytes" BIGINT NOT NULL, 
	PRIMARY KEY ("channel", "day", "direction")
);
CREATE TABLE "audits" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"what" TEXT COLLATE "C" NOT NULL, 
	"who" TEXT COLLATE "C" NOT NULL, 
	"on" TEXT COLLATE "C" NOT NULL, 
	"salt" BYTEA NOT NULL, 
	"details" BYTEA NOT NULL, 
	"commitment" BYTEA NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"generation" BIGINT NOT NULL, 
	"index" BIGINT NOT NULL, 
	"place" BIGINT NOT NULL, 
	"nodes" BYTEA NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX audits_by_dossier ON "audits" ("dossier", "time", "id");
CREATE INDEX audits_by_on ON "audits" ("on", "time", "id");
CREATE INDEX audits_by_place ON "audits" ("generation", "index", "place", "id");
CREATE INDEX audits_by_time ON "audits" ("time", "id");
CREATE INDEX audits_by_who ON "audits" ("who", "time", "id");
CREATE TABLE "alarms" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"what" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"text" TEXT COLLATE "C" NOT NULL, 
	"status" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX alarms_by_status ON "alarms" ("status", "time", "id");
CREATE TABLE "conflicts" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"origin" TEXT COLLATE "C" NOT NULL, 
	"index" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	"ours" TEXT COLLATE "C" NOT NULL, 
	"theirs" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX conflicts_by_origin ON "conflicts" ("origin", "id");
CREATE TABLE "timers" (
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"deadline" TEXT COLLATE "C" NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"type" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"owner" TEXT COLLATE "C" NOT NULL, 
	"duration" TEXT COLLATE "C" NOT NULL, 
	"started" BIGINT NOT NULL, 
	"half" BIGINT NOT NULL, 
	"late" BIGINT NOT NULL, 
	"due" BIGINT NOT NULL, 
	"next" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"stage" BIGINT NOT NULL, 
	"ended" BIGINT NOT NULL, 
	"ended_by" TEXT COLLATE "C" NOT NULL, 
	"promised" BIGINT NOT NULL, 
	"every" BIGINT NOT NULL, 
	"called" BIGINT NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	"tell" TEXT COLLATE "C" NOT NULL, 
	"legal" BOOLEAN NOT NULL, 
	"local" BOOLEAN NOT NULL, 
	"paused" BIGINT NOT NULL, 
	"rested" BIGINT NOT NULL, 
	PRIMARY KEY ("dossier", "deadline", "message")
);
CREATE INDEX timers_by_next ON "timers" ("next", "dossier", "deadline", "message");
CREATE INDEX timers_by_state ON "timers" ("state", "owner", "due", "dossier", "deadline", "message");
CREATE TABLE "touched" (
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"turn" BIGINT NOT NULL, 
	PRIMARY KEY ("dossier")
);
CREATE INDEX touched_by_turn ON "touched" ("turn", "dossier");
CREATE TABLE "notices" (
	"person" TEXT COLLATE "C" NOT NULL, 
	"read" BOOLEAN NOT NULL, 
	"moment" BIGINT NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"deadline" TEXT COLLATE "C" NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	"what" TEXT COLLATE "C" NOT NULL, 
	"owner" TEXT COLLATE "C" NOT NULL, 
	"type" TEXT COLLATE "C" NOT NULL, 
	"due" BIGINT NOT NULL, 
	"written" BIGINT NOT NULL, 
	PRIMARY KEY ("person", "read", "moment", "message", "deadline", "what")
);
CREATE TABLE "oncall" (
	"domain" TEXT COLLATE "C" NOT NULL, 
	"place" BIGINT NOT NULL, 
	"begins" BIGINT NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	"ends" BIGINT NOT NULL, 
	"set_by" TEXT COLLATE "C" NOT NULL, 
	"set_at" BIGINT NOT NULL, 
	PRIMARY KEY ("domain", "place", "begins")
);
CREATE TABLE "audit_logs" (
	"origin" TEXT COLLATE "C" NOT NULL, 
	"generation" BIGINT NOT NULL, 
	"size" BIGINT NOT NULL, 
	"frontier" BYTEA NOT NULL, 
	"time" BIGINT NOT NULL, 
	"open_size" BIGINT NOT NULL, 
	"open_frontier" BYTEA NOT NULL, 
	"previous" TEXT COLLATE "C" NOT NULL, 
	"receipt" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("origin")
);
CREATE INDEX audit_logs_by_generation ON "audit_logs" ("generation", "origin");
CREATE TABLE "audit_blocks" (
	"generation" BIGINT NOT NULL, 
	"index" BIGINT NOT NULL, 
	"leaf" BYTEA NOT NULL, 
	"nodes" BYTEA NOT NULL, 
	"salt" BYTEA NOT NULL, 
	"body" BYTEA NOT NULL, 
	"size" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("generation", "index")
);
CREATE INDEX audit_blocks_by_time ON "audit_blocks" ("time", "generation", "index");
CREATE TABLE "witnesses" (
	"name" TEXT COLLATE "C" NOT NULL, 
	"identity" BYTEA NOT NULL, 
	"fingerprint" TEXT COLLATE "C" NOT NULL, 
	"status" TEXT COLLATE "C" NOT NULL, 
	"changed" BIGINT NOT NULL, 
	"changed_by" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("name")
);
CREATE TABLE "watches" (
	"witness" TEXT COLLATE "C" NOT NULL, 
	"origin" TEXT COLLATE "C" NOT NULL, 
	"holds" BIGINT NOT NULL, 
	"since" BIGINT NOT NULL, 
	"failures" BIGINT NOT NULL, 
	"due" BIGINT NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"alarm" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("witness")
);
CREATE TABLE "cosigned" (
	"origin" TEXT COLLATE "C" NOT NULL, 
	"witness" TEXT COLLATE "C" NOT NULL, 
	"size" BIGINT NOT NULL, 
	"note" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("origin", "witness")
);
CREATE INDEX cosigned_by_witness ON "cosigned" ("witness", "time", "origin");
CREATE TABLE "witnessed" (
	"node" TEXT COLLATE "C" NOT NULL, 
	"generation" BIGINT NOT NULL, 
	"size" BIGINT NOT NULL, 
	"note" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("node", "generation")
);
CREATE TABLE "forks" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"node" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"held" TEXT COLLATE "C" NOT NULL, 
	"offered" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX forks_by_node ON "forks" ("node", "time", "id");
CREATE TABLE "persons" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"name" TEXT COLLATE "C" NOT NULL, 
	"language" TEXT COLLATE "C" NOT NULL, 
	"added" BIGINT NOT NULL, 
	"added_by" TEXT COLLATE "C" NOT NULL, 
	"changed" BIGINT NOT NULL, 
	"changed_by" TEXT COLLATE "C" NOT NULL, 
	"removed" BIGINT NOT NULL, 
	"service" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE TABLE "seats" (
	"user" TEXT COLLATE "C" NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("user", "person")
);
CREATE INDEX seats_by_person ON "seats" ("person", "user");
CREATE TABLE "grants" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	"role" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"begin" TEXT COLLATE "C" NOT NULL, 
	"until" TEXT COLLATE "C" NOT NULL, 
	"given" BIGINT NOT NULL, 
	"given_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"revoked" BIGINT NOT NULL, 
	"revoked_by" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX grants_by_person ON "grants" ("person", "given", "id");
CREATE TABLE "policies" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"digest" TEXT COLLATE "C" NOT NULL, 
	"text" TEXT COLLATE "C" NOT NULL, 
	"adopted" BIGINT NOT NULL, 
	"adopted_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE TABLE "drafts" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"act" TEXT COLLATE "C" NOT NULL, 
	"body" BYTEA NOT NULL, 
	"author" TEXT COLLATE "C" NOT NULL, 
	"created" BIGINT NOT NULL, 
	"type" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"version" BIGINT NOT NULL, 
	"edition" BIGINT NOT NULL, 
	"authors" TEXT COLLATE "C" NOT NULL, 
	"attested" TEXT COLLATE "C" NOT NULL, 
	"comment" TEXT COLLATE "C" NOT NULL, 
	"changed" BIGINT NOT NULL, 
	"changed_by" TEXT COLLATE "C" NOT NULL, 
	"first" TEXT COLLATE "C" NOT NULL, 
	"approved" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX drafts_by_author ON "drafts" ("author", "state", "changed", "id");
CREATE INDEX drafts_by_dossier ON "drafts" ("dossier", "created", "id");
CREATE INDEX drafts_by_state ON "drafts" ("state", "changed", "id");
CREATE TABLE "assignments" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"service" TEXT COLLATE "C" NOT NULL, 
	"desk" TEXT COLLATE "C" NOT NULL, 
	"person" TEXT COLLATE "C" NOT NULL, 
	"note" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX assignments_by_dossier ON "assignments" ("dossier", "time", "id");
CREATE TABLE "work_notes" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"text" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX work_notes_by_dossier ON "work_notes" ("dossier", "time", "id");
CREATE TABLE "vias" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"system" TEXT COLLATE "C" NOT NULL, 
	"reference" TEXT COLLATE "C" NOT NULL, 
	"sent" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX vias_by_dossier ON "vias" ("dossier", "time", "id");
CREATE TABLE "reviews" (
	"message" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"act" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"released" BIGINT NOT NULL, 
	"released_by" TEXT COLLATE "C" NOT NULL, 
	"author" TEXT COLLATE "C" NOT NULL, 
	"due" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"done" BIGINT NOT NULL, 
	"done_by" TEXT COLLATE "C" NOT NULL, 
	"comment" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("message")
);
CREATE INDEX reviews_by_dossier ON "reviews" ("dossier", "released", "message");
CREATE INDEX reviews_by_state ON "reviews" ("state", "due", "message");
CREATE TABLE "eras" (
	"number" BIGINT NOT NULL, 
	"identity" BYTEA NOT NULL, 
	"fingerprint" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"how" TEXT COLLATE "C" NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"kinds" TEXT COLLATE "C" NOT NULL, 
	"revoked" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("number")
);
CREATE TABLE "told" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"era" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	"lasts" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner", "number")
);
CREATE TABLE "spans" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"identity" BYTEA NOT NULL, 
	"fingerprint" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"how" TEXT COLLATE "C" NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	"lasts" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner", "number")
);
CREATE TABLE "candidates" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"identity" BYTEA NOT NULL, 
	"fingerprint" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner")
);
CREATE TABLE "retired" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"kind" TEXT COLLATE "C" NOT NULL, 
	"due" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE TABLE "backups" (
	"digest" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"size" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"keys" BOOLEAN NOT NULL, 
	PRIMARY KEY ("digest")
);
CREATE INDEX backups_by_time ON "backups" ("time", "digest");
CREATE TABLE "attachments" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"source" TEXT COLLATE "C" NOT NULL, 
	"address" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"size" BIGINT NOT NULL, 
	"media" TEXT COLLATE "C" NOT NULL, 
	"count" BIGINT NOT NULL, 
	"expires" BIGINT NOT NULL, 
	"key" BYTEA NOT NULL, 
	"partner" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"message" TEXT COLLATE "C" NOT NULL, 
	"place" BIGINT NOT NULL, 
	"outcome" TEXT COLLATE "C" NOT NULL, 
	"answer" TEXT COLLATE "C" NOT NULL, 
	"noted" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX attachments_by_address ON "attachments" ("address", "source", "id");
CREATE INDEX attachments_by_expiry ON "attachments" ("state", "expires", "id");
CREATE INDEX attachments_by_line ON "attachments" ("state", "partner", "lane", "message", "place", "id");
CREATE INDEX attachments_by_message ON "attachments" ("message", "place", "id");
CREATE TABLE "pieces" (
	"file" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"node" BYTEA NOT NULL, 
	"nodes" BYTEA NOT NULL, 
	PRIMARY KEY ("file", "number")
);
CREATE TABLE "piece_bodies" (
	"file" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"body" BYTEA NOT NULL, 
	PRIMARY KEY ("file", "number")
);
CREATE TABLE "leftovers" (
	"file" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("file")
);
CREATE TABLE "unfinished" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"files" BIGINT NOT NULL, 
	"bytes" BIGINT NOT NULL, 
	PRIMARY KEY ("partner")
);
CREATE TABLE "erasures" (
	"message" TEXT COLLATE "C" NOT NULL, 
	"commitment" BYTEA NOT NULL, 
	"time" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"ground" TEXT COLLATE "C" NOT NULL, 
	"here" BOOLEAN NOT NULL, 
	"urgency" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("message")
);
CREATE INDEX erasures_by_here ON "erasures" ("here", "message");
CREATE INDEX erasures_by_time ON "erasures" ("time", "message");
CREATE TABLE "leases" (
	"name" TEXT COLLATE "C" NOT NULL, 
	"holder" TEXT COLLATE "C" NOT NULL, 
	"token" BIGINT NOT NULL, 
	"since" BIGINT NOT NULL, 
	PRIMARY KEY ("name")
);
CREATE TABLE "processes" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"instance" TEXT COLLATE "C" NOT NULL, 
	"host" TEXT COLLATE "C" NOT NULL, 
	"folder" TEXT COLLATE "C" NOT NULL, 
	"pid" BIGINT NOT NULL, 
	"does" TEXT COLLATE "C" NOT NULL, 
	"listen" TEXT COLLATE "C" NOT NULL, 
	"seconds" BIGINT NOT NULL, 
	"beat" BIGINT NOT NULL, 
	"started" BIGINT NOT NULL, 
	"seen" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE TABLE "comparisons" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"life" TEXT COLLATE "C" NOT NULL, 
	"mark" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("partner", "lane")
);
CREATE TABLE "doubts" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"count" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	"start" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner")
);
CREATE TABLE "questions" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"nonce" BYTEA NOT NULL, 
	"time" BIGINT NOT NULL, 
	"life" TEXT COLLATE "C" NOT NULL, 
	"marks" TEXT COLLATE "C" NOT NULL, 
	"held" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner", "nonce")
);
CREATE INDEX questions_by_time ON "questions" ("partner", "time", "nonce");
CREATE TABLE "asked" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"note" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("partner")
);
CREATE TABLE "carried" (
	"partner" TEXT COLLATE "C" NOT NULL, 
	"lane" TEXT COLLATE "C" NOT NULL, 
	"origin" TEXT COLLATE "C" NOT NULL, 
	"size" BIGINT NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("partner", "lane")
);
CREATE TABLE "carried_files" (
	"file" TEXT COLLATE "C" NOT NULL, 
	"pieces" BIGINT NOT NULL, 
	PRIMARY KEY ("file")
);
CREATE TABLE "starts" (
	"folder" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"token" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("folder")
);
CREATE TABLE "relations" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"kind" TEXT COLLATE "C" NOT NULL, 
	"one" TEXT COLLATE "C" NOT NULL, 
	"other" TEXT COLLATE "C" NOT NULL, 
	"one_message" TEXT COLLATE "C" NOT NULL, 
	"other_message" TEXT COLLATE "C" NOT NULL, 
	"source" TEXT COLLATE "C" NOT NULL, 
	"information" TEXT COLLATE "C" NOT NULL, 
	"nature" TEXT COLLATE "C" NOT NULL, 
	"because" TEXT COLLATE "C" NOT NULL, 
	"note" TEXT COLLATE "C" NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"instead" TEXT COLLATE "C" NOT NULL, 
	"again" TEXT COLLATE "C" NOT NULL, 
	"ended" BIGINT NOT NULL, 
	"ended_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE TABLE "relation_threads" (
	"on" TEXT COLLATE "C" NOT NULL, 
	"relation" TEXT COLLATE "C" NOT NULL, 
	"standing" BOOLEAN NOT NULL, 
	PRIMARY KEY ("on", "relation")
);
CREATE INDEX relation_threads_by_on ON "relation_threads" ("on", "standing", "relation");
CREATE TABLE "relation_things" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"dossier" TEXT COLLATE "C" NOT NULL, 
	"kind" TEXT COLLATE "C" NOT NULL, 
	"name" TEXT COLLATE "C" NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"time" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX relation_things_by_dossier ON "relation_things" ("dossier", "kind", "name", "id");
CREATE TABLE "lists" (
	"name" TEXT COLLATE "C" NOT NULL, 
	"id" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"purpose" TEXT COLLATE "C" NOT NULL, 
	"basis" TEXT COLLATE "C" NOT NULL, 
	"form" TEXT COLLATE "C" NOT NULL, 
	"retention" TEXT COLLATE "C" NOT NULL, 
	"created" BIGINT NOT NULL, 
	"created_by" TEXT COLLATE "C" NOT NULL, 
	"edition" TEXT COLLATE "C" NOT NULL, 
	"entries" BIGINT NOT NULL, 
	"expires" BIGINT NOT NULL, 
	PRIMARY KEY ("name")
);
CREATE INDEX lists_by_expiry ON "lists" ("expires", "name");
CREATE TABLE "list_editions" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"list" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"moved" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"source" TEXT COLLATE "C" NOT NULL, 
	"form" TEXT COLLATE "C" NOT NULL, 
	"before" TEXT COLLATE "C" NOT NULL, 
	"entries" BIGINT NOT NULL, 
	"added" BIGINT NOT NULL, 
	"changed" BIGINT NOT NULL, 
	"removed" BIGINT NOT NULL, 
	"faults" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX list_editions_by_list ON "list_editions" ("list", "number", "id");
CREATE INDEX list_editions_by_state ON "list_editions" ("state", "moved", "id");
CREATE TABLE "list_entries" (
	"edition" TEXT COLLATE "C" NOT NULL, 
	"entry" TEXT COLLATE "C" NOT NULL, 
	"body" BYTEA NOT NULL, 
	PRIMARY KEY ("edition", "entry")
);
CREATE TABLE "list_keys" (
	"edition" TEXT COLLATE "C" NOT NULL, 
	"key" TEXT COLLATE "C" NOT NULL, 
	"entry" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("edition", "key", "entry")
);
CREATE TABLE "list_changes" (
	"edition" TEXT COLLATE "C" NOT NULL, 
	"entry" TEXT COLLATE "C" NOT NULL, 
	"what" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("edition", "entry")
);
CREATE INDEX list_changes_by_what ON "list_changes" ("edition", "what", "entry");
CREATE TABLE "screenings" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"list" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"edition" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"purpose" TEXT COLLATE "C" NOT NULL, 
	"basis" TEXT COLLATE "C" NOT NULL, 
	"link" TEXT COLLATE "C" NOT NULL, 
	"offence" TEXT COLLATE "C" NOT NULL, 
	"journey" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"form" TEXT COLLATE "C" NOT NULL, 
	"least" BIGINT NOT NULL, 
	"by" TEXT COLLATE "C" NOT NULL, 
	"begun" BIGINT NOT NULL, 
	"moved" BIGINT NOT NULL, 
	"expires" BIGINT NOT NULL, 
	"retention" TEXT COLLATE "C" NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"ended" BIGINT NOT NULL, 
	"travellers" BIGINT NOT NULL, 
	"faults" BIGINT NOT NULL, 
	"hits" BIGINT NOT NULL, 
	"cut" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX screenings_by_list ON "screenings" ("list", "begun", "id");
CREATE INDEX screenings_by_state ON "screenings" ("state", "expires", "id");
CREATE TABLE "screening_hits" (
	"run" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"rank" BIGINT NOT NULL, 
	"list" TEXT COLLATE "C" NOT NULL, 
	"entry" TEXT COLLATE "C" NOT NULL, 
	"same" TEXT COLLATE "C" NOT NULL, 
	"script" TEXT COLLATE "C" NOT NULL, 
	"against" TEXT COLLATE "C" NOT NULL, 
	"traveller" BYTEA NOT NULL, 
	"body" BYTEA NOT NULL, 
	"state" TEXT COLLATE "C" NOT NULL, 
	"decided" BIGINT NOT NULL, 
	"decided_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	PRIMARY KEY ("run", "number")
);
CREATE INDEX screening_hits_by_rank ON "screening_hits" ("run", "rank", "number");
CREATE INDEX screening_hits_by_same ON "screening_hits" ("list", "entry", "same", "run", "number");
CREATE INDEX screening_hits_by_state ON "screening_hits" ("run", "state", "number");
CREATE TABLE "screening_confirmed" (
	"id" TEXT COLLATE "C" NOT NULL, 
	"run" TEXT COLLATE "C" NOT NULL, 
	"number" BIGINT NOT NULL, 
	"rank" BIGINT NOT NULL, 
	"list" TEXT COLLATE "C" NOT NULL, 
	"domain" TEXT COLLATE "C" NOT NULL, 
	"edition" BIGINT NOT NULL, 
	"entry" TEXT COLLATE "C" NOT NULL, 
	"purpose" TEXT COLLATE "C" NOT NULL, 
	"basis" TEXT COLLATE "C" NOT NULL, 
	"link" TEXT COLLATE "C" NOT NULL, 
	"offence" TEXT COLLATE "C" NOT NULL, 
	"journey" TEXT COLLATE "C" NOT NULL, 
	"channel" TEXT COLLATE "C" NOT NULL, 
	"script" TEXT COLLATE "C" NOT NULL, 
	"against" TEXT COLLATE "C" NOT NULL, 
	"traveller" BYTEA NOT NULL, 
	"body" BYTEA NOT NULL, 
	"said" TEXT COLLATE "C" NOT NULL, 
	"screened" BIGINT NOT NULL, 
	"screened_by" TEXT COLLATE "C" NOT NULL, 
	"decided" BIGINT NOT NULL, 
	"decided_by" TEXT COLLATE "C" NOT NULL, 
	"reason" TEXT COLLATE "C" NOT NULL, 
	"until" BIGINT NOT NULL, 
	PRIMARY KEY ("id")
);
CREATE INDEX screening_confirmed_by_domain ON "screening_confirmed" ("domain", "decided", "id");
CREATE INDEX screening_confirmed_by_entry ON "screening_confirmed" ("list", "entry", "id");
CREATE INDEX screening_confirmed_by_run ON "screening_confirmed" ("run", "number", "id");
CREATE INDEX screening_confirmed_by_until ON "screening_confirmed" ("until", "id");
CREATE TABLE "screening_figures" (
	"list" TEXT COLLATE "C" NOT NULL, 
	"month" TEXT COLLATE "C" NOT NULL, 
	"script" TEXT COLLATE "C" NOT NULL, 
	"against" TEXT COLLATE "C" NOT NULL, 
	"travellers" BIGINT NOT NULL, 
	"hits" BIGINT NOT NULL, 
	"confirmed" BIGINT NOT NULL, 
	"rejected" BIGINT NOT NULL, 
	"lapsed" BIGINT NOT NULL, 
	PRIMARY KEY ("list", "month", "script", "against")
);
