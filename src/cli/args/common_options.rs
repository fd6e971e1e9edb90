//! The global options that are given after the command.

use super::{CatalogCommand, CliCommand, CommonOptions, RoomCommand, ServersCommand, SetsCommand};

impl CliCommand {
    /// The global options after the command, those of the outermost command first.
    pub(in crate::cli) fn common_options(&self) -> Vec<&CommonOptions> {
        match self {
            Self::Show(args) => vec![&args.common],
            Self::User(args) => vec![&args.common],
            Self::Add(args) => vec![&args.common],
            Self::Remove(args) => vec![&args.common],
            Self::Set(args) => vec![&args.common],
            Self::Room(args) => match &args.command {
                RoomCommand::Add(inner) => vec![&args.common, &inner.common],
                RoomCommand::Rename(inner) => vec![&args.common, &inner.common],
                RoomCommand::Remove(inner) => vec![&args.common, &inner.common],
            },
            Self::Affiliate(args) => vec![&args.common],
            Self::Catalog(args) => match &args.command {
                CatalogCommand::List(inner) => vec![&args.common, &inner.common],
                CatalogCommand::Define(inner) => vec![&args.common, &inner.common],
                CatalogCommand::Remove(inner) => vec![&args.common, &inner.common],
            },
            Self::Sets(args) => match &args.command {
                None => vec![&args.common],
                Some(SetsCommand::Save(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Apply(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Rename(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Remove(inner)) => vec![&args.common, &inner.common],
            },
            Self::Export(args) => vec![&args.common],
            Self::Import(args) => vec![&args.common],
            Self::Servers(args) => match &args.command {
                None => vec![&args.common],
                Some(ServersCommand::Check(inner)) => vec![&args.common, &inner.common],
                Some(ServersCommand::Example(inner)) => vec![&args.common, &inner.common],
            },
            Self::Pull(args) => vec![&args.common],
            Self::Plan(args) => vec![&args.common],
            Self::Apply(args) => vec![&args.common],
            Self::Follow(args) => vec![&args.common],
            Self::Check(args) => vec![&args.common],
            Self::Config(args) => vec![&args.common],
            Self::History(args) => vec![&args.common],
            Self::Complete(args) => vec![&args.common],
            Self::Undo(args) => vec![&args.common],
            Self::Redo(args) => vec![&args.common],
            Self::Expire(args) => vec![&args.common],
        }
    }
}
