-- A file of dead letters as version 1 of its schema left it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('v1');
CREATE TABLE deadLetter (
    id INTEGER PRIMARY KEY,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL,
    source TEXT,
    queue TEXT NOT NULL,
    exchange TEXT NOT NULL,
    routingKey TEXT NOT NULL,
    -- JSON: properties and headers as they came.
    properties TEXT NOT NULL,
    body BLOB NOT NULL,
    firstSeen INTEGER NOT NULL,
    lastSeen INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    UNIQUE (queue, routingKey, properties, body)
) STRICT;
INSERT INTO deadLetter VALUES(1,'nhs-number-invalid','member patient of change 7 is not a valid NHS number','barts','wherry.changes.kingston','wherry.changes','change.barts','{"contentType":"application/x-ndjson","messageID":"barts/e/5-9","type":"wherry.changes.v1","appID":"barts","timestamp":1795370400,"isPersistent":true,"headers":{"cloudEvents:source":"urn:wherry:hie:barts","wherry-after":5,"wherry-epoch":"2026-11-22T17:03:05.123Z-63bd003b","wherry-through":9,"ratio":{"double":"0.5"}}}',X'7b22736571223a372c226f70223a22707574222c2270617469656e74223a2239393930303030303139222c227265736f75726365223a22436f6e646974696f6e2f63222c2263617465676f7279223a22636f6e646974696f6e227d',1795370400000,1795370460000,3);
INSERT INTO deadLetter VALUES(2,'unknown-type','property type is missing',NULL,'wherry.changes.kingston','wherry.changes','change.barts','{"isPersistent":false,"headers":{}}',X'00FF27',1795370400000,1795370400000,1);
COMMIT;
