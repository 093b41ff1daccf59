import { openDatabase } from '@sqlite-efs/database'
import { LocalLeaser } from '@sqlite-efs/lease'

/** How many accounts there are: their rows fill about a dozen pages, so that a transfer writes several. */
export const ACCOUNTS = 100
/** What each account has at the start. */
export const OPENING_BALANCE = 1000
/** What all accounts have together, in every state that anybody may see. */
export const TOTAL = ACCOUNTS * OPENING_BALANCE

const SCHEMA = `
CREATE TABLE "Account" (
  "id" INTEGER NOT NULL PRIMARY KEY, "opening" INTEGER NOT NULL, "balance" INTEGER NOT NULL, "memo" TEXT NOT NULL
);
CREATE TABLE "Entry" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "transferId" TEXT NOT NULL, "sequence" TEXT NOT NULL,
  "seq" INTEGER NOT NULL, "style" TEXT NOT NULL, "fromId" INTEGER NOT NULL, "toId" INTEGER NOT NULL,
  "amount" INTEGER NOT NULL, "fence" INTEGER, "memo" TEXT NOT NULL
);
CREATE INDEX "Entry_transferId_idx" ON "Entry"("transferId");
CREATE INDEX "Entry_sequence_seq_idx" ON "Entry"("sequence", "seq");
CREATE TABLE "Leg" (
  "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "transferId" TEXT NOT NULL,
  "accountId" INTEGER NOT NULL REFERENCES "Account"("id"), "amount" INTEGER NOT NULL
);
CREATE INDEX "Leg_transferId_idx" ON "Leg"("transferId");
CREATE INDEX "Leg_accountId_amount_idx" ON "Leg"("accountId", "amount");
CREATE TRIGGER "transfer" AFTER INSERT ON "Entry" WHEN NEW."style" = 'trigger' BEGIN
  UPDATE "Account" SET "balance" = "balance" - NEW."amount" WHERE "id" = NEW."fromId";
  UPDATE "Account" SET "balance" = "balance" + NEW."amount" WHERE "id" = NEW."toId";
  INSERT INTO "Leg" ("transferId", "accountId", "amount") VALUES
    (NEW."transferId", NEW."fromId", -NEW."amount"), (NEW."transferId", NEW."toId", NEW."amount");
END;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ACCOUNTS})
INSERT INTO "Account" SELECT i, ${OPENING_BALANCE}, ${OPENING_BALANCE}, hex(zeroblob(200)) FROM n;
`

/** Makes the bank's file, which must not be there yet. Nobody else may use it before this resolves. */
export async function createBank(path: string): Promise<void> {
  const database = openDatabase({ path, leaser: new LocalLeaser() })
  try {
    await database.script(SCHEMA)
  } finally {
    await database.close()
  }
}
