package import CastyScenario

/// The faults that a person has injected, in order, with what undoes each.
///
/// An undo and a redo concern one fault. A new fault ends the chance to redo.
package struct UndoBook: Sendable {
    /// What undoes a fault.
    package enum Undoing: Equatable, Sendable {
        case commands([ImmediateCommand])
        /// Nothing does; the text says why, and what helps instead.
        case impossible(String)
    }

    /// An injected fault.
    package struct Entry: Equatable, Sendable {
        package let command: ImmediateCommand
        package let undoing: Undoing
    }

    /// What an undo is to do.
    package enum Step: Equatable, Sendable {
        /// Give these commands, then call ``takeBack()``.
        case give([ImmediateCommand], undoing: ImmediateCommand)
        case refuse(String)
    }

    private(set) package var done: [Entry] = []
    private(set) package var undone: [Entry] = []

    package init() {}

    /// Notes that a person's command was carried out.
    ///
    /// - Parameters:
    ///   - before: The faults before it.
    ///   - after: The faults after it.
    package mutating func did(_ command: ImmediateCommand, from before: FaultState, to after: FaultState) {
        guard let undoing = command.undoing(from: before, to: after, earlier: done) else { return }
        done.append(Entry(command: command, undoing: undoing))
        undone = []
    }

    /// What undoes the last fault. One that nothing undoes is passed over by the next undo.
    package mutating func undo() -> Step {
        guard let last = done.last else {
            return .refuse("undo: no fault of yours is left to undo")
        }
        switch last.undoing {
        case .commands(let commands): return .give(commands, undoing: last.command)
        case .impossible(let reason):
            done.removeLast()
            let next = done.last { if case .commands = $0.undoing { true } else { false } }
            let more = next.map { "; u again undoes \($0.command)" } ?? "; there is nothing else to undo"
            return .refuse("undo: \(reason)\(more)")
        }
    }

    /// Notes that the last fault was undone.
    package mutating func takeBack() {
        guard let last = done.popLast() else { return }
        undone.append(last)
    }

    /// Forgets the last fault, whose undo has failed.
    package mutating func giveUp() { _ = done.popLast() }

    /// The fault that a redo injects again; `nil` if none was undone since the last new one.
    package var redoable: ImmediateCommand? { undone.last?.command }

    /// Notes that the fault undone last was injected again.
    package mutating func didAgain(from before: FaultState, to after: FaultState) {
        guard let command = undone.popLast()?.command,
            let undoing = command.undoing(from: before, to: after, earlier: done)
        else { return }
        done.append(Entry(command: command, undoing: undoing))
    }
}

extension ImmediateCommand {
    /// What undoes this command; `nil` if it is no fault, or has changed nothing.
    ///
    /// - Parameter earlier: The faults before it that were not undone.
    fileprivate func undoing(
        from before: FaultState, to after: FaultState, earlier: [UndoBook.Entry]
    ) -> UndoBook.Undoing? {
        switch self {
        case .cut, .heal, .link, .freeze, .thaw:
            let commands = after.commands(to: before)
            return commands.isEmpty ? nil : .commands(commands)
        case .drain(let nodes): return .commands([.undrain(nodes)])
        case .undrain(let nodes): return .commands([.drain(nodes)])
        case .rebalance(.pause): return .commands([.rebalance(.resume)])
        case .rebalance(.resume): return .commands([.rebalance(.pause)])
        case .fault(let fault): return fault.undoing(earlier)
        case .kill(let nodes):
            return .impossible("a kill cannot be undone, r restarts \(nodes.list) as a new incarnation")
        case .restart(let nodes):
            return .impossible("a restart cannot be undone, the incarnation of \(nodes.list) before it is gone")
        case .leave(let nodes):
            return .impossible("a leave cannot be undone, r restarts \(nodes.list) once it has left")
        case .down(let nodes, _):
            return .impossible("a member that is down stays down, r restarts \(nodes.list) as a new incarnation")
        case .move, .pin, .rebalance(.now):
            return .impossible("a handoff cannot be undone, m moves the shard again")
        case .set, .start, .spawn, .tell, .load, .stopLoad, .passivate, .note: return nil
        }
    }
}

extension Fault {
    /// What undoes this fault; a fault of the same kind on the same nodes before it acts again then.
    fileprivate func undoing(_ earlier: [UndoBook.Entry]) -> UndoBook.Undoing? {
        guard kind.lasts else {
            return .impossible("fault \(kind.rawValue) cannot be undone, it acts at once or ends by itself")
        }
        if self[key: .jump] != nil { return .impossible("a clock that has jumped ahead does not go back") }
        let same = earlier.last { entry in
            if case .fault(let fault) = entry.command { fault.kind == kind && fault.nodes == nodes } else { false }
        }
        let before: Fault? = if case .fault(let fault)? = same?.command, !fault.ends { fault } else { nil }
        if ends { return before.map { .commands([.fault($0)]) } }
        let end = Fault(kind, nodes: nodes, ends: true)
        return .commands([.fault(end)] + (before.map { [.fault($0)] } ?? []))
    }
}
