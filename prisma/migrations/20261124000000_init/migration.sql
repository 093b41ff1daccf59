-- CreateTable
CREATE TABLE "Event" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "startsAt" DATETIME NOT NULL,
    "revenue" BIGINT NOT NULL DEFAULT 0,
    "details" TEXT NOT NULL DEFAULT '{}',
    "poster" BLOB
);

-- CreateTable
CREATE TABLE "Seat" (
    "eventId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,

    PRIMARY KEY ("eventId", "number"),
    CONSTRAINT "Seat_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "Event" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Booking" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "eventId" TEXT NOT NULL,
    "seatNumber" INTEGER NOT NULL,
    "buyer" TEXT NOT NULL,
    "price" BIGINT NOT NULL,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Booking_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "Event" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Booking_eventId_seatNumber_fkey" FOREIGN KEY ("eventId", "seatNumber") REFERENCES "Seat" ("eventId", "number") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "Booking_eventId_seatNumber_key" ON "Booking"("eventId", "seatNumber");
