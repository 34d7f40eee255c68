import CastyObservability

/// Writes a configuration file: commented, complete, and the same settings when it is read again.
package enum ConfigText {
    package static func text(of options: ConsoleOptions) -> String {
        var lines = [
            "# The console's configuration. casty looks for it in $XDG_CONFIG_HOME/casty/config, or else in",
            "# ~/.config/casty/config. What the command line says comes first, then the environment, then this file.",
            "",
        ]
        lines += settings(options)
        lines += layouts(options)
        lines += keys(options)
        lines += themes(options)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func settings(_ options: ConsoleOptions) -> [String] {
        ConsoleConfig.Setting.allCases.flatMap { setting -> [String] in
            let (value, comment): (String, String) =
                switch setting {
                case .theme:
                    (
                        quoted(options.theme.name),
                        "\(ThemeName.allCases.map(\.rawValue).joined(separator: ", ")), or one of [themes.NAME]"
                    )
                case .layout:
                    (
                        quoted(options.layout.name),
                        "the panes at the start: "
                            + "\(LayoutPreset.builtIn.map(\.name).joined(separator: ", ")), or one of [layouts]"
                    )
                case .color: (quoted(options.colours.rawValue), "colours: auto, never, 16 or 256")
                case .glyphs:
                    (quoted(options.glyphs.rawValue), "characters: auto, unicode, acs (lines only) or ascii")
                case .fps: ("\(options.framesPerSecond)", "frames a second at most, 1 to 60")
                case .mouse: ("\(options.mouse)", "false leaves the mouse to the terminal")
                case .readonly: ("\(options.readOnly)", "true refuses all that changes the cluster")
                case .confirm: ("\(options.confirm)", "whether destructive keys ask first")
                }
            return ["# \(comment)", "\(setting.rawValue) = \(value)"]
        }
    }

    private static func layouts(_ options: ConsoleOptions) -> [String] {
        let own = options.layouts.map { "\(key($0.name)) = \(quoted($0.text))" }
        return ["", "[layouts]", "# A layout of your own is \(OwnLayout.form)."]
            + (own.isEmpty ? ["# failures = \"members phi | events\""] : own)
    }

    private static func keys(_ options: ConsoleOptions) -> [String] {
        var lines = [
            "", "[keys]", "# One key, or a list; an empty list takes the key away. A key is \(Key.nameForms).",
            "# Ctrl-C and Ctrl-Z always do what they do.",
        ]
        var group = ""
        for action in KeyMap.actions {
            if action.group != group {
                group = action.group
                lines += ["", "# \(group)"]
            }
            let keys = options.keys[action.name] ?? action.keys
            let names = keys.map { quoted($0.configName) }
            let value = names.count == 1 ? names[0] : "[" + names.joined(separator: ", ") + "]"
            lines.append("\(action.name) = \(value)  # \(action.summary)")
        }
        return lines
    }

    private static func themes(_ options: ConsoleOptions) -> [String] {
        var lines = [
            "", "# A theme of your own changes some roles of a built-in one:", "#", "# [themes.night]",
            "# base = \"standard\"",
        ]
        for role in Role.allCases {
            lines.append("# \(role.configName) = \(quoted(InkText.words(Theme.standard.ink(of: role))))")
        }
        lines += ["#", "# A style is \(InkText.form)."]
        for theme in options.themes {
            lines += ["", "[themes.\(key(theme.name))]", "base = \(quoted(theme.base.rawValue))"]
            for role in Role.allCases {
                if let ink = theme.inks[role] { lines.append("\(role.configName) = \(quoted(InkText.words(ink)))") }
            }
        }
        return lines
    }

    private static func key(_ name: String) -> String {
        let isBare = name.utf8.allSatisfy {
            $0 == 0x2D || $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                || (0x61...0x7A).contains($0)
        }
        return isBare && !name.isEmpty ? name : quoted(name)
    }

    /// A text in quotes, as TOML writes it: with eight digits for what four cannot say.
    private static func quoted(_ text: String) -> String {
        JSONLine.quoted(text) { scalar in
            let isShort = scalar.value <= 0xFFFF
            return (isShort ? "\\u" : "\\U") + JSONLine.hexadecimal(scalar.value, digits: isShort ? 4 : 8)
        }
    }
}
