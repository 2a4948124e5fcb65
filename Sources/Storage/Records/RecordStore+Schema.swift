extension RecordStore {
    static let schema: [(name: String, sql: String)] = [
        (
            "v1",
            """
            CREATE TABLE resource (
                type TEXT NOT NULL,
                id TEXT NOT NULL,
                version INTEGER NOT NULL CHECK (version > 0),
                isDeleted INTEGER NOT NULL CHECK (isDeleted IN (0, 1)),
                -- Of a Patient, its own number; of anything else, the number that it names itself.
                nhsNumber INTEGER,
                -- The Patient resource of this HIE that it belongs to.
                patientID TEXT,
                -- The NHS number that it is indexed under, NULL while none is known.
                linkedTo INTEGER,
                updatedAt INTEGER NOT NULL,
                body BLOB NOT NULL,
                UNIQUE (type, id)
            ) STRICT;
            CREATE INDEX resourceOfPatient ON resource (patientID) WHERE patientID IS NOT NULL;
            CREATE INDEX resourceUnlinked ON resource (type)
                WHERE isDeleted = 0 AND linkedTo IS NULL AND patientID IS NOT NULL;

            -- The latest change of every entry, in order of seq. Content is the line of the change without its seq.
            CREATE TABLE journal (
                seq INTEGER PRIMARY KEY CHECK (seq > 0),
                type TEXT NOT NULL,
                id TEXT NOT NULL,
                patient INTEGER NOT NULL,
                isPut INTEGER NOT NULL CHECK (isPut IN (0, 1)),
                content TEXT NOT NULL,
                UNIQUE (type, id, patient)
            ) STRICT;

            CREATE TABLE journalState (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                epoch TEXT NOT NULL,
                head INTEGER NOT NULL CHECK (head >= 0),
                publishedThrough INTEGER NOT NULL CHECK (publishedThrough BETWEEN 0 AND head),
                digest BLOB NOT NULL,
                -- What of each category is shared, as it was when the journal was last brought in line with it.
                shares TEXT NOT NULL
            ) STRICT;
            """
        )
    ]
}
