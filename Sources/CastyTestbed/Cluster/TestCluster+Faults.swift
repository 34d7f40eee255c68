import CastyActors
import CastyCluster
import CastyCore
import CastyObservability
import CastyRemoting
import CastySimulator

extension TestCluster {
    /// Crashes a node: it sends no goodbye and flushes nothing.
    package func kill(_ number: Int) throws {
        let node = try node(number)
        guard node.state == .running || node.state == .frozen else {
            throw TestClusterError("n\(number) does not run: it is \(node.state.rawValue)")
        }
        inspector.emit(.nodeKilled, subject: node.name)
        noteCrash(of: node)
        oracle.killed(number, at: now)
        node.set(.killed)
        node.host.kill()
        node.abandon()
        disk.crash(of: node.name)
        storeLock.end(of: node.name)
        for loss in tracker.crash(node.name, at: now) where loss.sender == node.system.unique {
            inspector.emit(
                .messageLost, entity: loss.entity, reason: .lost(loss.cause), detail: .envelope(loss.number))
        }
        watch.end(node.system.unique, isCrash: true)
    }

    /// Hangs a node: its sockets stay open, and no code runs.
    package func freeze(_ number: Int) throws {
        let node = try runningNode(number)
        inspector.emit(.nodeFrozen, subject: node.name)
        oracle.froze(number, at: now)
        node.set(.frozen)
        watch.freeze(node.system.unique, true)
        node.host.freeze()
    }

    /// Resumes a frozen node.
    package func thaw(_ number: Int) throws {
        let node = try node(number)
        guard node.state == .frozen else {
            throw TestClusterError("n\(number) is not frozen: it is \(node.state.rawValue)")
        }
        inspector.emit(.nodeThawed, subject: node.name)
        disturbances.fault(until: now)
        oracle.thawed(number, at: now)
        node.set(.running)
        watch.freeze(node.system.unique, false)
        node.host.thaw()
    }

    /// Restarts a killed or stopped node on the same address, as a new incarnation.
    package func restart(_ number: Int) throws {
        let node = try node(number)
        guard node.state == .killed || node.state == .stopped else {
            throw TestClusterError("n\(number) is \(node.state.rawValue); only a killed or stopped node is restarted")
        }
        try start([number], roles: node.cluster.config.roles)
    }

    /// Makes a node leave gracefully.
    package func leave(_ number: Int) throws {
        let node = try runningNode(number)
        disturbances.changedAt = now
        oracle.leaveAsked(number, at: now)
        node.cluster.leave()
    }

    /// Makes one node declare another one dead; by default the running node with the lowest number does so.
    package func down(_ number: Int, by decider: Int? = nil, line: Int? = nil) throws {
        let subject = try node(number)
        if let decider { _ = try runningNode(decider) }
        guard running.contains(where: { $0 !== subject }) else {
            throw TestClusterError("no node runs that could declare n\(number) dead")
        }
        disturbances.fault(until: now)
        oracle.downAsked(number, at: now)
        declareDown(subject, by: decider, line: line)
    }

    /// Cuts every link between different groups, in both directions.
    package func cut(_ groups: [[Int]]) throws {
        for number in groups.joined() { _ = try node(number) }
        var directions: [Direction] = []
        for (index, group) in groups.enumerated() {
            for other in groups[(index + 1)...].joined() {
                for member in group where member != other {
                    directions += [Direction(from: member, to: other), Direction(from: other, to: member)]
                }
            }
        }
        cut(directions)
    }

    /// Cuts one direction of a link.
    package func cut(from: Int, to: Int) throws {
        for number in [from, to] { _ = try node(number) }
        cut([Direction(from: from, to: to)])
    }

    private func cut(_ directions: [Direction]) {
        for direction in directions.sorted() where cuts.insert(direction).inserted {
            world.cut(from: address(of: direction.from).host, to: address(of: direction.to).host)
            oracle.cut(direction, at: now)
            inspector.emit(.cut, from: "n\(direction.from)", to: "n\(direction.to)")
        }
    }
}
