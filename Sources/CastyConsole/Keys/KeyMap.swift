import CastyScenario

/// The keys in use: the table, with what the configuration file changes. Footers, help and the dispatch read it.
package struct KeyMap: Sendable {
    let bindings: [KeyBinding]
    private let index: [Key: [KeyBinding]]

    /// The keys of the table.
    package static let standard = KeyMap(KeyTable.bindings)

    /// The keys that no configuration changes.
    private static let fixed: [(key: Key, action: Action)] = [(.control("c"), .quit), (.control("z"), .suspend)]

    private init(_ bindings: [KeyBinding]) {
        self.bindings = bindings
        var index: [Key: [KeyBinding]] = [:]
        for binding in bindings {
            for key in binding.keys { index[key, default: []].append(binding) }
        }
        self.index = index
    }

    /// The table with other keys for some actions.
    ///
    /// - Parameter changes: The keys by the names of actions; unknown names have no effect.
    package init(changing changes: [String: [Key]]) {
        guard !changes.isEmpty else {
            self = .standard
            return
        }
        self.init(
            KeyTable.bindings.map { binding in
                guard let keys = changes[binding.action.name] else { return binding }
                var changed = binding
                let fixed = Self.fixed.filter { $0.action == binding.action && !keys.contains($0.key) }.map(\.key)
                changed.keys = keys + fixed
                return changed
            })
    }

    /// The actions that can be given keys, in the order of the table, each with its keys and its description.
    package static let actions: [(name: String, keys: [Key], summary: String, group: String)] = {
        var actions: [(name: String, keys: [Key], summary: String, group: String)] = []
        for binding in KeyTable.bindings where !actions.contains(where: { $0.name == binding.action.name }) {
            actions.append((binding.action.name, binding.keys, binding.summary, binding.group.rawValue))
        }
        return actions
    }()

    /// Two actions that share a key in a pane.
    package struct Conflict: Hashable, Sendable {
        package var key: Key
        package var actions: [String]
    }

    /// The keys that would do two things in one pane.
    package var conflicts: [Conflict] {
        var found: [Conflict] = []
        for pane in Pane.allCases {
            var seen: [Key: String] = [:]
            for binding in bindings(in: pane) {
                for key in binding.keys {
                    let name = binding.action.name
                    if let other = seen[key], other != name {
                        let conflict = Conflict(key: key, actions: [other, name].sorted())
                        if !found.contains(conflict) { found.append(conflict) }
                    }
                    seen[key] = name
                }
            }
        }
        return found
    }

    /// The action of a key in a pane; the second value says where it would act, if not here.
    func binding(for key: Key, in pane: Pane) -> (here: KeyBinding?, elsewhere: [KeyBinding]) {
        let all = index[key] ?? []
        return (all.first { $0.panes?.contains(pane) ?? true }, all)
    }

    /// The keys that act in a pane, its own first.
    func bindings(in pane: Pane) -> [KeyBinding] {
        let fitting = bindings.filter { $0.panes?.contains(pane) ?? true }
        return fitting.filter { $0.panes != nil } + fitting.filter { $0.panes == nil }
    }

    /// The first key of an action, for hints; the name of the action in brackets if it has none.
    func name(of action: Action) -> String {
        bindings.first { $0.action == action && !$0.keys.isEmpty }?.keys.first?.name ?? "(\(action.name))"
    }
}

extension ConsoleState {
    /// What an empty cluster says.
    var emptiness: String {
        switch mode {
        case .live, .simulated: "no nodes yet: press \(keys.name(of: .node(.add)))"
        case .attached, .operating: "no node has answered yet"
        case .recording: "nothing was recorded yet"
        }
    }
}
