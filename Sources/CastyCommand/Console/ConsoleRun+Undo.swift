import CastyConsole
import CastyScenario
import CastyTestbed

/// What a command by hand is, for the book of what can be undone.
enum CommandRole: Hashable, Codable {
    /// The user gave it.
    case given
    /// It undoes the last fault, alone or as the first of several commands.
    case undoes
    /// A further command of an undo.
    case undoesMore
    /// It injects again what was undone last.
    case redoes
}

extension ConsoleRun {
    /// Carries out a command that takes no time, and notes in the book what undoes it.
    ///
    /// - Throws: ``TestClusterError`` if it cannot be carried out; then the book is as before.
    func perform(_ command: ImmediateCommand, as role: CommandRole) throws {
        let before = testbed.faultState
        try testbed.perform(command)
        switch role {
        case .given: undoBook.did(command, from: before, to: testbed.faultState)
        case .undoes: undoBook.takeBack()
        case .undoesMore: break
        case .redoes: undoBook.didAgain(from: before, to: testbed.faultState)
        }
    }

    /// Undoes the user's last fault.
    func undo(_ backend: any RunFrontEnd) {
        let dropped = dropFuture(backend)
        switch undoBook.undo() {
        case .refuse(let reason): backend.say(.refused, reason)
        case .give(let commands, let fault):
            for (index, command) in commands.enumerated() {
                do {
                    let role = index == 0 ? CommandRole.undoes : .undoesMore
                    try perform(command, as: role)
                    note(.immediate(command), role: role)
                } catch {
                    if index == 0 { undoBook.giveUp() }
                    return backend.say(.refused, "undo of \(fault): \(error)")
                }
            }
            backend.say(.done, "undone: \(fault)\(dropped) · {redo} injects it again")
        }
    }

    /// Injects again what was undone last.
    func redo(_ backend: any RunFrontEnd) {
        guard let command = undoBook.redoable else {
            return backend.say(.refused, "redo: nothing was undone since your last fault")
        }
        let dropped = dropFuture(backend)
        do {
            try perform(command, as: .redoes)
            note(.immediate(command), role: .redoes)
            backend.say(.done, "again: \(command)\(dropped) · {undo} undoes it")
        } catch {
            backend.say(.refused, "redo of \(command): \(error)")
        }
    }

    /// Forgets the commands, and the checkpoints, after the time to which the run was turned back: the user gives another
    /// command.
    ///
    /// - Returns: What was dropped, for the end of the message about that command; empty if nothing was.
    func dropFuture(_ backend: any RunFrontEnd) -> String {
        backend.branched(at: testbed.now, commands: commandCount, events: recorder.count)
        for index in watches.indices { watches[index].onBranch(at: testbed.now, events: recorder.count) }
        _ = watchesStop()
        guard !future.isEmpty else { return "" }
        defer { future = [] }
        return "; \(future.count) later \(future.count == 1 ? "command is" : "commands are") dropped"
    }
}
