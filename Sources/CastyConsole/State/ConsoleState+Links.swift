import CastyObservability
import CastyScenario

/// Keys that act on links.
extension ConsoleState {
    /// The link under the cursor of the network pane.
    func linkCursor(_ reading: ClusterReading) -> (from: String, to: String)? {
        let names = reading.rows.map(\.name)
        guard names.count > 1 else { return nil }
        let from = selection.linkFrom.flatMap { names.contains($0) ? $0 : nil } ?? names[0]
        let to = selection.linkTo.flatMap { names.contains($0) ? $0 : nil } ?? names[1]
        return (from, to)
    }

    mutating func link(_ action: Action.LinkAction, _ feed: ConsoleFeed, _ reading: ClusterReading) -> [Intent] {
        let links = feed.snapshot.links
        switch action {
        case .healAll:
            // The snapshot lists the links that something ails.
            guard !links.isEmpty else {
                say(.refused, "heal: no link is cut, slow or lossy")
                return []
            }
            return submit(.heal(.all))
        case .partition:
            let rest = reading.rows.map(\.name).filter { !selection.marked.contains($0) }
            guard !selection.marked.isEmpty else {
                say(
                    .refused,
                    "partition: mark one side first (\(keys.name(of: .mark))), then \(keys.name(of: .link(.partition)))"
                )
                return []
            }
            guard !rest.isEmpty else {
                say(.refused, "partition: all nodes are marked; no node is left for the other side")
                return []
            }
            let side = reading.rows.map(\.name).filter(selection.marked.contains)
            selection.marked = []
            return submit(.cut(.split([Self.nodeNames(side), Self.nodeNames(rest)])))
        case .cutOneWay, .cutBothWays:
            return panes.focus == .network
                ? cutLink(bothWays: action == .cutBothWays, links, reading) : cutOff(links, reading)
        case .delay, .loss:
            guard mode != .live else {
                say(.refused, "link: a live link is left as it is; delay and loss exist with --sim only")
                return []
            }
            let chosen = chosenLinks(reading)
            guard let first = chosen.first else {
                say(.refused, "link: choose two different nodes with the arrows")
                return []
            }
            let delay = action == .delay
            let example = delay ? "a time such as 50ms" : "a share such as 5%"
            let lines = Self.groups(chosen).map {
                "link \($0.from.list) -> \($0.to.list) \(delay ? "latency" : "loss") "
            }
            guard !lines.isEmpty else { return [] }
            let ends = chosen.count > 1 ? "on \(chosen.count) links" : "from \(first.from) to \(first.to)"
            let scope =
                chosen.count > 1
                ? "each of them one way" : "this direction only, :link \(first.from) \(first.to) … for both"
            var prompt = PromptState(
                title: "\(delay ? "Delay" : "Loss") \(ends)", hint: "\(example); \(scope)", before: lines[0],
                field: TextField(delay ? "50ms" : "5%"))
            prompt.others = Array(lines.dropFirst())
            dialogs.modal = .prompt(prompt)
            return []
        }
    }

    /// Cuts the node under the cursor, or the marked ones, from all others; heals the cut if they are already cut off.
    private mutating func cutOff(_ links: [LinkSnapshot], _ reading: ClusterReading) -> [Intent] {
        let side = targets(reading).map(\.name)
        let rest = reading.rows.filter { $0.displayStatus != .removed || $0.alive }.map(\.name).filter {
            !side.contains($0)
        }
        guard let first = side.first, !rest.isEmpty else {
            say(.refused, "cut: there is no second node to cut from")
            return []
        }
        let cut = rest.filter { other in
            links.contains { $0.cut && ($0.from == first && $0.to == other || $0.to == first && $0.from == other) }
        }
        if cut.count == rest.count {
            return submit(
                Self.nodeNames(side).flatMap { node in Self.nodeNames(rest).map { .heal(.pair(node, $0)) } })
        }
        return submit(.cut(.split([Self.nodeNames(side), Self.nodeNames(rest)])))
    }

    private mutating func cutLink(bothWays: Bool, _ links: [LinkSnapshot], _ reading: ClusterReading) -> [Intent] {
        if selection.corner != nil { return cutRectangle(bothWays: bothWays, links, reading) }
        guard let cursor = linkCursor(reading), let from = Self.nodeName(cursor.from), let to = Self.nodeName(cursor.to)
        else {
            say(.refused, "cut: a link needs two nodes")
            return []
        }
        guard from != to else {
            say(.refused, "cut: a node's link to itself cannot be cut")
            return []
        }
        func isCut(_ a: NodeName, _ b: NodeName) -> Bool {
            links.contains { $0.cut && $0.from == a.description && $0.to == b.description }
        }
        if bothWays {
            return submit(isCut(from, to) || isCut(to, from) ? .heal(.pair(from, to)) : .cut(.split([[from], [to]])))
        }
        return submit(
            isCut(from, to) ? .heal(.oneWay(from: from, to: to)) : .cut(.oneWay(from: [from], to: [to])))
    }
}
