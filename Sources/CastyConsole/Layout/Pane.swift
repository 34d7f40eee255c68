/// The panes of the console, by the number of their keys.
package enum Pane: Int, CaseIterable, Hashable, Sendable {
    case members = 1
    case phi, shards, network, gossip, events, why, flow

    var title: String {
        switch self {
        case .members: "Members"
        case .phi: "Phi"
        case .shards: "Shards"
        case .network: "Network"
        case .gossip: "Gossip"
        case .events: "Events"
        case .why: "Why"
        case .flow: "Flow"
        }
    }

    /// The short title for use beside other tabs.
    var tabTitle: String { self == .network ? "Net" : title }
}
