import GRDB

extension IndexStore {
    static let schema: [SchemaStep] = [
        SchemaStep(
            "v1",
            """
            CREATE TABLE source (
                id INTEGER PRIMARY KEY,
                hie TEXT NOT NULL UNIQUE,
                epoch TEXT,
                watermark INTEGER NOT NULL DEFAULT 0 CHECK (watermark >= 0),
                -- Ranges applied above the watermark: "after-through", separated by spaces.
                islands TEXT NOT NULL DEFAULT '',
                -- Of the newest pulse: the source's head, and when it was received.
                head INTEGER,
                heardAt INTEGER,
                asOf INTEGER,
                digest BLOB NOT NULL
            ) STRICT;

            -- Clustered by patient: a lookup reads neighbouring rows of one tree.
            CREATE TABLE entry (
                patient INTEGER NOT NULL,
                source INTEGER NOT NULL REFERENCES source (id),
                type TEXT NOT NULL,
                id TEXT NOT NULL,
                seq INTEGER NOT NULL CHECK (seq > 0),
                category TEXT NOT NULL,
                code TEXT,
                system TEXT,
                display TEXT,
                status TEXT,
                date TEXT,
                -- JSON, only for category demographics.
                demographics TEXT,
                PRIMARY KEY (patient, source, type, id)
            ) WITHOUT ROWID, STRICT;

            -- Entries withdrawn above the watermark, kept until the watermark passes them: an older version that
            -- arrives later must not bring them back.
            CREATE TABLE tombstone (
                source INTEGER NOT NULL REFERENCES source (id),
                patient INTEGER NOT NULL,
                type TEXT NOT NULL,
                id TEXT NOT NULL,
                seq INTEGER NOT NULL,
                PRIMARY KEY (source, patient, type, id)
            ) WITHOUT ROWID, STRICT;
            """
        ),
        SchemaStep(
            "v2",
            """
            -- Entries are counted in the digest with their facts. An index is refilled from its peers (promise P7), so
            -- it begins anew.
            DELETE FROM tombstone;
            DELETE FROM source;
            DROP TABLE entry;
            CREATE TABLE entry (
                patient INTEGER NOT NULL,
                source INTEGER NOT NULL REFERENCES source (id),
                type TEXT NOT NULL,
                id TEXT NOT NULL,
                seq INTEGER NOT NULL CHECK (seq > 0),
                -- EntryHash of what was written.
                hash INTEGER NOT NULL,
                category TEXT NOT NULL,
                code TEXT,
                system TEXT,
                display TEXT,
                status TEXT,
                date TEXT,
                -- JSON, only for category demographics.
                demographics TEXT,
                PRIMARY KEY (patient, source, type, id)
            ) WITHOUT ROWID, STRICT;
            -- While buckets are mended: tombstones above this number are kept.
            ALTER TABLE source ADD COLUMN tombstoneFloor INTEGER;
            -- The journal's head when the newest of the applied pages was read.
            ALTER TABLE source ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
            """),
        SchemaStep(
            "v3",
            """
            -- Of type Patient what is searched by: PersonKeys.
            ALTER TABLE entry ADD COLUMN family TEXT;
            ALTER TABLE entry ADD COLUMN given TEXT;
            ALTER TABLE entry ADD COLUMN birthDate TEXT;
            ALTER TABLE entry ADD COLUMN gender TEXT;
            """,
            then: { database in
                try PersonKeys.fill(database)
                // Only patients are in these, so that other entries cost what they did. None depends on the type:
                // entries are found by that, and SQLite compiles a statement anew at every value bound to a column
                // that a partial index depends on. The first two hold everything that a search compares, so that it
                // counts without touching the table.
                try database.execute(
                    sql: """
                        CREATE INDEX person_family ON entry (family, birthDate, gender, given)
                            WHERE family IS NOT NULL;
                        CREATE INDEX person_birth ON entry (birthDate, gender, family, given)
                            WHERE birthDate IS NOT NULL;
                        CREATE INDEX person_id ON entry (source, id) WHERE category = 'demographics';
                        """)
            }),
        SchemaStep(
            "v4",
            """
            -- Numbers of which one counts as applied and is not: its change is parked, as a line of this identity.
            CREATE TABLE gap (
                source INTEGER NOT NULL REFERENCES source (id),
                letter BLOB NOT NULL CHECK (length(letter) = 32),
                -- Exclusive.
                after INTEGER NOT NULL,
                through INTEGER NOT NULL CHECK (through >= after),
                -- Ranges in between that are there, as source.islands; NULL where the number was read: it is through.
                present TEXT,
                PRIMARY KEY (source, letter)
            ) WITHOUT ROWID, STRICT;
            CREATE INDEX gap_after ON gap (source, after, through);
            -- Those that reach over several numbers, of which there are few.
            CREATE INDEX gap_wide ON gap (source, through, after) WHERE through > after + 1;

            -- What replayed letters came to, until their plans are over. They come in the order of their numbers.
            CREATE TABLE redeemed (
                plan INTEGER NOT NULL,
                number INTEGER NOT NULL,
                letter BLOB NOT NULL CHECK (length(letter) = 32),
                verdict TEXT NOT NULL,
                -- What superseded it.
                seq INTEGER,
                PRIMARY KEY (plan, number, letter)
            ) WITHOUT ROWID, STRICT;

            -- While a gap is open the withdrawals above it are kept, which may be many.
            CREATE INDEX tombstone_seq ON tombstone (source, seq);
            """),
    ]
}
