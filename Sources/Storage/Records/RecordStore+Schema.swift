import CareRecord
import GRDB
import Replication

extension RecordStore {
    static let schema: [SchemaStep] = [
        SchemaStep(
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
        ),
        SchemaStep(
            "v2",
            """
            -- Of an epoch that is not the journal's first: when it began, and why.
            ALTER TABLE journalState ADD COLUMN epochBegunAt INTEGER;
            ALTER TABLE journalState ADD COLUMN epochReason TEXT;
            """,
            // The digest counts the facts too.
            then: countDigest),
        SchemaStep(
            "v3",
            """
            -- A patient's record, the newest first.
            CREATE INDEX resourceOfRecord ON resource (linkedTo, updatedAt) WHERE linkedTo IS NOT NULL;
            """),
    ]

    private static func countDigest(_ database: Database) throws {
        var digest = BucketDigest()
        let rows = try PreparedStatement(
            database, "SELECT seq, type, id, patient, content FROM journal WHERE isPut = 1")
        try rows.each { row in
            guard let type = row.text(1), let id = row.text(2), let resource = ResourceKey(type: type, id: id),
                let patient = NHSNumber(value: row.int(3))
            else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            let kept = JournalRow(
                seq: row.int(0), key: EntryKey(patient: patient, resource: resource), isPut: true,
                content: row.bytes(4))
            if let hash = try kept.hash { digest.toggle(patient, hash: hash) }
            return true
        }
        let update = try PreparedStatement(database, "UPDATE journalState SET digest = ?")
        update.bind(blob: digest.bytes, at: 1)
        try update.run()
    }
}
