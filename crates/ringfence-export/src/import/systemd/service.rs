//! The command, its environment, its limits, and directives that no manifest has a word for.

use ringfence_manifest::Environment;

use super::settings::Value;
use super::values::{bytes, fill, time};
use super::{Import, ImportError};
use crate::unit::Backslash;

/// What every sandbox denies by itself.
const DENIED_ANYWAY: [&str; 9] = [
    "NoNewPrivileges",
    "ProtectClock",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "KeyringMode",
    "PrivateIPC",
    "RemoveIPC",
    "PrivateMounts",
];

/// How a service is started, watched and ended: nothing that restricts its program.
const MANAGEMENT: [&str; 41] = [
    "Type",
    "ExitType",
    "Restart",
    "RestartSec",
    "RestartSteps",
    "RestartMaxDelaySec",
    "RemainAfterExit",
    "GuessMainPID",
    "PIDFile",
    "BusName",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "TimeoutAbortSec",
    "WatchdogSec",
    "SuccessExitStatus",
    "RestartPreventExitStatus",
    "RestartForceExitStatus",
    "NotifyAccess",
    "KillMode",
    "KillSignal",
    "RestartKillSignal",
    "SendSIGKILL",
    "SendSIGHUP",
    "FinalKillSignal",
    "StandardInput",
    "StandardOutput",
    "StandardError",
    "SyslogIdentifier",
    "SyslogFacility",
    "SyslogLevel",
    "SyslogLevelPrefix",
    "Slice",
    "OOMScoreAdjust",
    "OOMPolicy",
    "Nice",
    "IgnoreSIGPIPE",
    "StateDirectoryMode",
    "CacheDirectoryMode",
    "LogsDirectoryMode",
    "RuntimeDirectoryMode",
];

impl Import {
    /// Command, environment, directory.
    pub(super) fn service(&mut self) -> Result<(), ImportError> {
        self.manifest
            .description
            .clone_from(&self.settings.description);
        self.environment()?;
        self.command()?;
        if let Some(value) = self.settings.last("WorkingDirectory") {
            match fill(&value.text) {
                Ok(path) if path.starts_with('/') => self.manifest.directory = Some(path.into()),
                _ => self.left_out(&value, "it is no whole path that the unit alone tells"),
            }
        }
        for key in [
            "ExecStartPre",
            "ExecStartPost",
            "ExecCondition",
            "ExecReload",
            "ExecStop",
            "ExecStopPost",
        ] {
            if let Some(value) = self.settings.last(key) {
                self.left_out(
                    &value,
                    "a manifest is for one command; systemd goes on to start this one",
                );
            }
        }
        for key in ["User", "Group", "SupplementaryGroups", "DynamicUser"] {
            if let Some(value) = self.settings.last(key) {
                self.left_out(
                    &value,
                    "a manifest changes no user; start the wrapper as that one",
                );
            }
        }
        Ok(())
    }

    fn environment(&mut self) -> Result<(), ImportError> {
        let mut variables: Vec<(String, Option<String>)> = Vec::new();
        let mut set = |name: &str, value: Option<String>| {
            variables.retain(|(known, _)| known != name);
            variables.push((name.to_owned(), value));
        };
        for name in ["PATH", "LANG"] {
            set(name, None);
        }
        for value in self.settings.all("PassEnvironment") {
            for name in value.words(Backslash::Quotes)? {
                set(&name, None);
            }
        }
        let mut unknown = Vec::new();
        for value in self.settings.all("Environment") {
            for word in value.words(Backslash::Escapes)? {
                match (fill(&word), word.split_once('=')) {
                    (Ok(filled), Some((name, _))) if !name.is_empty() => {
                        let content = filled.split_once('=').map(|(_, content)| content);
                        set(name, content.map(ToOwned::to_owned));
                    }
                    _ => unknown.push(value.clone()),
                }
            }
        }
        for value in unknown {
            self.left_out(
                &value,
                "what a specifier in it stands for, the unit alone does not tell",
            );
        }
        if let Some(value) = self.settings.last("EnvironmentFile") {
            self.left_out(&value, "write its variables under `environment:`");
        }
        for value in self.settings.all("UnsetEnvironment") {
            for word in value.words(Backslash::Quotes)? {
                let name = word.split('=').next().unwrap_or(&word);
                variables.retain(|(known, _)| known != name);
            }
        }
        self.manifest.environment = Environment {
            clear: true,
            variables,
        };
        self.note(
            "of the starter's environment the manifest keeps PATH, LANG and what the unit names; add others under \
             `environment: keep`",
        );
        Ok(())
    }

    fn command(&mut self) -> Result<(), ImportError> {
        let commands = self.settings.all("ExecStart");
        let Some(value) = commands.first() else {
            self.note("the unit has no ExecStart=; name a command under `command:` or behind `--`");
            return Ok(());
        };
        if commands.len() > 1 {
            self.note("the unit has several commands; the manifest names the first, and each needs a manifest");
        }
        let command = value
            .text
            .trim_start_matches(['-', '@', ':', '+', '!', '|']);
        let marks = value.text.strip_suffix(command).unwrap_or_default();
        if marks.contains('|') {
            self.left_out(
                value,
                "a shell starts it; write the command under `command:`",
            );
            return Ok(());
        }
        let literal = Value {
            text: command.to_owned(),
            ..value.clone()
        };
        let mut words = literal.words(Backslash::Escapes)?;
        if let Some(end) = words.iter().position(|word| word == ";") {
            words.truncate(end);
            self.note("the unit has several commands; the manifest names the first, and each needs a manifest");
        }
        if marks.contains('@') && words.len() > 1 {
            words.remove(1);
            self.left_out(
                value,
                "the other name for the program (`@`), which the wrapper does not give",
            );
        }
        if marks.contains(['+', '!']) {
            self.note(format!(
                "{value}: systemd lifts restrictions of this command; the manifest does not"
            ));
        }
        match self.expanded(words, marks.contains(':')) {
            Ok(command) => {
                self.manifest.dependencies.of_command = !command.is_empty();
                self.manifest.command = command;
            }
            Err(unknown) => self.left_out(
                value,
                &format!("what {unknown} stands for, the unit alone does not tell; write the command under `command:`"),
            ),
        }
        Ok(())
    }

    /// Specifiers and variables filled in, or the one that is not known.
    fn expanded(&self, words: Vec<String>, literal: bool) -> Result<Vec<String>, String> {
        let mut command = Vec::new();
        for (number, word) in words.into_iter().enumerate() {
            let word = fill(&word)?;
            if literal || number == 0 {
                command.push(word);
                continue;
            }
            if let Some(name) = word.strip_prefix('$')
                && !name.is_empty()
                && !name.starts_with(['{', '$'])
            {
                // Alone it is split into words.
                let value = self.variable(name)?;
                command.extend(value.split_whitespace().map(ToOwned::to_owned));
                continue;
            }
            command.push(self.with_variables(&word)?);
        }
        Ok(command)
    }

    fn with_variables(&self, word: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = word;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            rest = after;
            if let Some(behind) = rest.strip_prefix('$') {
                filled.push('$');
                rest = behind;
            } else if let Some((name, behind)) = rest
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
            {
                filled.push_str(&self.variable(name)?);
                rest = behind;
            } else {
                filled.push('$');
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn variable(&self, name: &str) -> Result<String, String> {
        let variables = &self.manifest.environment.variables;
        variables
            .iter()
            .find(|(known, _)| known == name)
            .and_then(|(_, value)| value.clone())
            .ok_or_else(|| format!("${name}"))
    }

    /// `Limit…=`, `MemoryMax=` and their kin.
    pub(super) fn limits(&mut self) -> Result<(), ImportError> {
        let number = |text: &str| text.parse().ok();
        let mut limits = std::mem::take(&mut self.manifest.limits);
        limits.memory = self.lowest(&["LimitAS", "MemoryMax"], bytes)?;
        limits.file_size = self.lowest(&["LimitFSIZE"], bytes)?;
        limits.processes = self.lowest(&["LimitNPROC", "TasksMax"], number)?;
        limits.open_files = self.lowest(&["LimitNOFILE"], number)?;
        limits.cpu = self.lowest(&["LimitCPU"], time)?;
        limits.wall = self.lowest(&["RuntimeMaxSec"], time)?;
        if limits.wall.is_some() || limits.processes.is_some() {
            self.note(
                "landlock-runner refuses `limits: wall`, and `processes` as root; `ringfence export systemd` leaves \
                 both to systemd",
            );
        }
        if self.settings.last("MemoryMax").is_some() {
            self.note("MemoryMax= is for all processes together; `limits: memory` for the address space of each");
        }
        if self.settings.last("TasksMax").is_some() {
            self.note(
                "TasksMax= counts the tasks of the unit; `limits: processes` those of the user",
            );
        }
        self.manifest.limits = limits;
        Ok(())
    }

    /// The lowest of the limits that these keys set; each may be `soft:hard`.
    fn lowest<T: Ord>(
        &mut self,
        keys: &[&str],
        read: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ImportError> {
        let mut lowest: Option<T> = None;
        let values: Vec<_> = keys
            .iter()
            .filter_map(|key| self.settings.last(key))
            .collect();
        for value in values {
            for part in value.text.split(':').filter(|part| *part != "infinity") {
                if part.ends_with('%') {
                    self.left_out(
                        &value,
                        "what a share comes to hangs on the machine; write a number under `limits:`",
                    );
                    continue;
                }
                let limit =
                    read(part).ok_or_else(|| value.error(format!("`{part}` cannot be read")))?;
                lowest = Some(match lowest {
                    Some(other) => other.min(limit),
                    None => limit,
                });
            }
        }
        Ok(lowest)
    }

    /// What nobody has looked at.
    pub(super) fn rest(&mut self) {
        for value in self.settings.unseen() {
            let key = value.key.as_str();
            if MANAGEMENT.contains(&key) {
                continue;
            }
            if !DENIED_ANYWAY.contains(&key) {
                self.note(format!(
                    "{value} has no equivalent in a manifest, and what it restricts is not"
                ));
            } else if super::values::boolean(&value.text) == Some(false) {
                self.note(format!("{value} leaves open what the manifest denies"));
            }
        }
    }
}
