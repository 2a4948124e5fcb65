import ArgumentParser

/// What could not be applied, and what an operator does about it.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletters",
        abstract: "See, plan, replay, edit, discard and prove dead letters.",
        discussion: """
            A dead letter is a message, or one change of a message, that could not be applied. It is kept whole with \
            its cause, holds up nobody but its own record, and waits until its source says something later of that \
            record, or until somebody does something about it. Nothing that is done here can put an older version in \
            the place of a newer one.

            The usual way: list shows what there is and what to do about each cause; show explains one letter; plan \
            freezes a selection and says what a replay of it would do; replay does it and follows it; report proves \
            what came of it.

            Examples:
              wherry deadletters list --from http://127.0.0.1:8080
              wherry deadletters show 4711 --from http://127.0.0.1:8080
              wherry dlq plan --cause application-failed --from 127.0.0.1:8080
              wherry dlq replay 12-3f9ab2c4 --from 127.0.0.1:8080 --reason "disk replaced" --canary 10
            """,
        subcommands: [
            DeadLettersList.self, DeadLettersShow.self, DeadLettersPlan.self, DeadLettersPlans.self,
            DeadLettersReplay.self, DeadLettersPause.self, DeadLettersResume.self, DeadLettersCancel.self,
            DeadLettersReport.self, DeadLettersEdit.self, DeadLettersDiscard.self, DeadLettersRestore.self,
            DeadLettersExport.self, DeadLettersImport.self,
        ],
        aliases: ["dlq"])
}
