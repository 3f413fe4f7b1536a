// The window begins: fonts and tokens, then the frame, on whichever carrier there is. Everything is
// bundled: nothing is fetched from anywhere else.

import '@fontsource-variable/inter/standard.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';

mount(App, { target: document.getElementById('app')! });
