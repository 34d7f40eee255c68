import ArgumentParser
import CastyCore
import CastyObservability
import CastySQLite
import CastySharding
import Foundation

/// `casty store`: looks after the folder of a cluster's stores.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Check, copy or print the stores of a folder, while nodes may use it.",
        discussion: """
            The folder is the one that the nodes are given with --data. Nothing in it is changed. A folder that a later version of the program has \
            written is refused.
            """,
        subcommands: [StoreCheck.self, StoreBackup.self, StoreExport.self])
}

/// Opens a folder, or ends the program with 66.
private func folder(_ path: String, for command: String) throws -> SQLiteFolder {
    do {
        return try SQLiteFolder(path: path)
    } catch {
        Output.error("casty store \(command): \(error.message)")
        throw ExitCode(66)
    }
}

/// `casty store check`.
struct StoreCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check every file of a folder: pages, and the checksum of every row.",
        discussion: """
            Reads the states of entities, the fencing tokens, the remembered entities, the times of reminders and the logs of events of every file, each \
            file as it is at one moment. Exits with 0 if all is what was written, 1 if something is not, and says what, 66 if there is no folder of \
            stores.

              casty store check /var/lib/shop
              casty store check /var/lib/shop --json | jq 'select(.problem_count > 0)'
            """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "folder"))
    var path: String
    @Flag(help: "Print one JSON object for each file.")
    var json = false

    func run() throws {
        let reports: [SQLiteFolder.FileReport]
        do {
            reports = try folder(path, for: "check").check()
        } catch let error as EntityStoreError {
            Output.error("casty store check: \(error.message)")
            throw ExitCode(74)
        }
        for report in reports { Output.line(json ? Self.json(report) : Self.text(report)) }
        let count = reports.reduce(0) { $0 + $1.problemCount }
        if count > 0 {
            Output.error("casty store check: \(path): \(count) \(count == 1 ? "problem" : "problems")")
            throw ExitCode(1)
        }
    }

    private static func text(_ report: SQLiteFolder.FileReport) -> String {
        let counts =
            "version \(report.version), \(report.states) states, \(report.tokens) tokens, \(report.remembered) remembered, \(report.wakes) reminders, \(report.events) rows of events"
        let head = "\(report.problemCount == 0 ? "✓" : "✗") \(report.name): \(counts)"
        let rest = report.problemCount - report.problems.count
        return ([head] + report.problems.map { "  \($0)" } + (rest > 0 ? ["  and \(rest) more"] : []))
            .joined(separator: "\n")
    }

    private static func json(_ report: SQLiteFolder.FileReport) -> String {
        var line = JSONLine()
        line.add("event", "file")
        line.add("file", report.name)
        line.add("version", report.version)
        line.add("states", report.states)
        line.add("tokens", report.tokens)
        line.add("remembered", report.remembered)
        line.add("reminders", report.wakes)
        line.add("events", report.events)
        line.add("problem_count", report.problemCount)
        line.add("problems", report.problems)
        return line.text
    }
}

/// `casty store backup`.
struct StoreBackup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy a folder while nodes use it, so that a cluster can be started on the copy.",
        discussion: """
            Everything that was acknowledged before the command is in the copy, and of each entity a state that was its latest at some moment of the \
            command; of two entities, one may be from its beginning and the other from its end. The copy gets its name when it is complete and on disk; \
            until then, and after an error, there is a folder with .partial at the end of its name. Exits with 0 if the copy is complete, 66 if there is \
            no folder of stores, 73 if the copy could not be made.

              casty store backup /var/lib/shop /backup/shop-monday
            """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "folder"))
    var path: String
    @Argument(help: ArgumentHelp("Where to copy to; must not exist yet.", valueName: "target"))
    var target: String

    func run() throws {
        let folder = try folder(path, for: "backup")
        do {
            let names = try folder.backup(to: target)
            Output.line("\(target): \(names.joined(separator: ", "))")
        } catch {
            Output.error("casty store backup: \((error as EntityStoreError).message)")
            throw ExitCode(73)
        }
    }
}

/// `casty store export`.
struct StoreExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print all states, remembered entities, times of reminders and events as JSON, one object a line.",
        discussion: """
            What a line is says its "event": "state", "remembered", "reminder" or "event". A state, and the content of an event, is in "text" where it is UTF-8, \
            and in "base64" otherwise; a time is in "at", in UTC. Of an event also "number", "manifest", "version" and "tags" are there. Deleted events are not. Exits with 0 after the last line, 66 if there is no folder of stores, 74 \
            if something could not be read, or is not what was written; the lines before are right.

              casty store export /var/lib/shop | jq -r 'select(.event == "state") | .id + " " + .text'
              casty store export /var/lib/shop | jq -c 'select(.event == "event" and .id == "cart-17")'
            """)

    @Argument(help: ArgumentHelp("The folder.", valueName: "folder"))
    var path: String

    func run() throws {
        let folder = try folder(path, for: "export")
        do {
            try folder.export { Output.line(Self.line($0)) }
        } catch let error as EntityStoreError {
            Output.error("casty store export: \(error.message)")
            throw ExitCode(74)
        }
    }

    static func line(_ entry: SQLiteFolder.Entry) -> String {
        var line = JSONLine()
        switch entry {
        case .state(let type, let id, let state, let fence):
            line.add("event", "state")
            line.add("type", type)
            line.add("id", id)
            add(state, to: &line)
            line.add("token", fence?.description)
        case .remembered(let type, let id):
            line.add("event", "remembered")
            line.add("type", type)
            line.add("id", id)
        case .reminder(let type, let id, let time):
            line.add("event", "reminder")
            line.add("type", type)
            line.add("id", id)
            line.add("at", time.description)
        case .event(let event):
            line.add("event", "event")
            line.add("type", event.type)
            line.add("id", event.entity)
            line.add("number", event.sequence)
            line.add("manifest", event.record.manifest)
            line.add("version", event.record.version)
            line.add("tags", event.record.tags)
            add(event.record.payload, to: &line)
        }
        return line.text
    }

    private static func add(_ bytes: [UInt8], to line: inout JSONLine) {
        if let text = String(validating: bytes, as: UTF8.self) {
            line.add("text", text)
        } else {
            line.add("base64", Data(bytes).base64EncodedString())
        }
    }
}
