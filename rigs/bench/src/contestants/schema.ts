/** The tables of schema.prisma, as Prisma Migrate would make them. */
export const SCHEMA = `
  CREATE TABLE "Customer" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL
  );
  CREATE UNIQUE INDEX "Customer_email_key" ON "Customer"("email");
  CREATE TABLE "Order" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "customerId" INTEGER NOT NULL,
    "placedAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" TEXT NOT NULL,
    "total" REAL NOT NULL,
    "paid" BOOLEAN NOT NULL DEFAULT false,
    "note" TEXT,
    CONSTRAINT "Order_customerId_fkey" FOREIGN KEY ("customerId") REFERENCES "Customer" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
  );
  CREATE INDEX "Order_customerId_idx" ON "Order"("customerId");
  CREATE TABLE "Item" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "orderId" INTEGER NOT NULL,
    "product" TEXT NOT NULL,
    "quantity" INTEGER NOT NULL,
    CONSTRAINT "Item_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "Order" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
  );
  CREATE INDEX "Item_orderId_idx" ON "Item"("orderId");
`

const CUSTOMERS = 100

/** Fills the empty tables: 100 customers, and orders of so many items each. */
export const filling = (orders: number, itemsOfEach = 3) => `
  WITH RECURSIVE "n"("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "n" WHERE "i" < ${CUSTOMERS})
    INSERT INTO "Customer" ("email", "name") SELECT 'customer' || "i" || '@example.com', 'Customer ' || "i" FROM "n";
  WITH RECURSIVE "n"("i") AS (SELECT 1 UNION ALL SELECT "i" + 1 FROM "n" WHERE "i" < ${orders})
    INSERT INTO "Order" ("customerId", "placedAt", "status", "total", "paid", "note")
    SELECT 1 + "i" % ${CUSTOMERS}, strftime('%Y-%m-%dT%H:%M:%S.000+00:00', 1700000000 + "i", 'unixepoch'),
      CASE "i" % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'sent' ELSE 'done' END, "i" * 1.25, "i" % 2, iif("i" % 4 = 0, NULL, 'note ' || "i")
    FROM "n";
  WITH RECURSIVE "n"("i") AS (SELECT 0 UNION ALL SELECT "i" + 1 FROM "n" WHERE "i" < ${orders * itemsOfEach})
    INSERT INTO "Item" ("orderId", "product", "quantity")
    SELECT 1 + ("i" - 1) / ${itemsOfEach}, 'product ' || "i" % 50, 1 + "i" % 5 FROM "n" WHERE "i" > 0;
`
