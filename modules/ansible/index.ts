import { attempts } from '../../src/cloudconfig/attempts.ts'
import { defineModule, type ModuleContext } from '../../src/cloudconfig/module.ts'
import { ConfigError } from '../../src/machine/errors.ts'
import { installAnsible } from './install.ts'
import { cloneRepository, type Pull, pullPlaybooks, runPlaybook } from './playbooks.ts'
import { type Runner, runAs } from './runner.ts'
import { schema } from './schema.ts'

const readRunner = (
  { machine, distro }: ModuleContext,
  name: string | undefined,
  configFile: string | undefined,
): Runner => {
  const user = name === undefined ? undefined : distro.accounts.find(machine, name)
  if (name !== undefined && user === undefined) throw new ConfigError('ansible.run_user', `there is no user ${name}`)
  return { user, configFile }
}

const listOf = (pull: Pull | readonly Pull[] | undefined): readonly Pull[] => {
  if (pull === undefined) return []
  return isList(pull) ? pull : [pull]
}
const isList = (pull: Pull | readonly Pull[]): pull is readonly Pull[] => Array.isArray(pull)

export default defineModule({
  id: 'ansible',
  frequency: 'instance',
  distros: 'all',
  activateBy: ['ansible'],
  title: 'Run Ansible on this machine',
  description:
    'Installs Ansible, then runs commands of ansible-galaxy, playbooks by ansible-pull, and (on a machine that manages ' +
    'others) clones repositories and runs playbooks of theirs. One that fails does not stop the others.',
  examples: [
    '#cloud-config\nansible:\n  install_method: distro\n  package_name: ansible-core\n  pull:\n' +
      '    - url: https://git.example.com/setup.git\n      playbook_names: [site.yml]\n',
  ],
  schema,
  run: async ({ ansible }, context) => {
    if (ansible === undefined || Object.keys(ansible).length === 0) return
    const { machine } = context
    const { install_method: method, package_name: name, setup_controller: controller } = ansible
    if (!method) throw new ConfigError('ansible.install_method', 'it is missing; set it to distro or pip')
    if (!name) throw new ConfigError('ansible.package_name', 'it is missing; set it to ansible or ansible-core')
    const runner = readRunner(context, ansible.run_user, ansible.ansible_config)
    await installAnsible(context, runner, method, name)

    const steps = attempts(machine.log)
    for (const [index, words] of (ansible.galaxy?.actions ?? []).entries()) {
      await steps.attempt(`ansible.galaxy.actions[${index}]`, () => runAs(machine, runner, words))
    }
    for (const [index, pull] of listOf(ansible.pull as Pull | readonly Pull[] | undefined).entries()) {
      const key = `ansible.pull[${index}]`
      await steps.attempt(key, () => pullPlaybooks(machine, runner, pull, key))
    }
    for (const [index, repository] of (controller?.repositories ?? []).entries()) {
      const key = `ansible.setup_controller.repositories[${index}]`
      await steps.attempt(key, () => cloneRepository(machine, runner, repository))
    }
    for (const [index, playbook] of (controller?.run_ansible ?? []).entries()) {
      const key = `ansible.setup_controller.run_ansible[${index}]`
      await steps.attempt(key, () => runPlaybook(machine, runner, playbook, key))
    }
    steps.finish()
  },
})
